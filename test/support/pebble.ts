import { Resolver } from "node:dns/promises";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../../src/acme/x509.ts";
import { httpsExchange } from "../../src/acme/exchange.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { endTied, spawnTied, type Tied } from "../fleet/processes.ts";
import { until } from "../fleet/wait.ts";
import { freePorts } from "./running-haproxy.ts";

/** Let's Encrypt's small authority for tests, and a name server that says what a test wants. */
export interface Pebble {
  readonly directory: string;
  /** What its own certificate is trusted by. */
  readonly ca: string;
  /** Where it asks for answers over HTTP. */
  readonly httpPort: number;
  /** Where the name server is told what to say. */
  readonly names: string;
  /** What the certificates are trusted by that it issues. */
  root(): Promise<string>;
  /** Where a name leads to; without it to 127.0.0.1. */
  point(host: string, address: string): Promise<void>;
  /** Asked for the name, the name server fails. */
  breakName(host: string): Promise<void>;
  addText(name: string, value: string): Promise<void>;
  clearText(name: string): Promise<void>;
  /** TXT records that the name server has. */
  texts(name: string): Promise<readonly string[]>;
  /** Ends the authority; nobody listens where it was. */
  leave(): Promise<void>;
  /** As it was, but that it forgot whom it knew, and has another root. */
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

export interface PebbleOptions {
  /** Default: some port that is free. */
  readonly httpPort?: number;
  /** Whether what was shown once counts for the next order. */
  readonly remembers?: boolean;
}

const local = "127.0.0.1";

export async function startPebble({
  httpPort,
  remembers = false,
}: PebbleOptions = {}): Promise<Pebble> {
  const folder = await mkdtemp(join(tmpdir(), "pebble-"));
  const [acme, management, dns, names, http = 0, none] = await freePorts(6);
  const { certificatePem, keyPem } = selfSigned(["localhost"], systemClock);
  const place = (file: string): string => join(folder, file);
  const config = {
    listenAddress: `${local}:${acme}`,
    managementListenAddress: `${local}:${management}`,
    certificate: place("cert.pem"),
    privateKey: place("key.pem"),
    httpPort: httpPort ?? http,
    tlsPort: none,
  };
  await writeFile(place("cert.pem"), certificatePem);
  await writeFile(place("key.pem"), keyPem.reveal(), { mode: 0o600 });
  await writeFile(place("config.json"), JSON.stringify({ pebble: config }));
  const unused = ["-http01=", "-https01=", "-tlsalpn01=", "-defaultIPv6="];
  const nameServer = await spawnTied(folder, [
    "pebble-challtestsrv",
    ...unused,
    "-dns01",
    `${local}:${dns}`,
    "-management",
    `${local}:${names}`,
    "-defaultIPv4",
    local,
  ]);
  const settings = ["PEBBLE_VA_NOSLEEP=1", `PEBBLE_AUTHZREUSE=${remembers ? 100 : 0}`];
  const asking = ["-strict=false", "-dnsserver", `${local}:${dns}`];
  const start = (): Promise<Tied> =>
    spawnTied(folder, ["env", ...settings, "pebble", ...asking, "-config", place("config.json")]);
  let authority = await start();
  const told = `http://${local}:${names}`;
  const tell = async (what: string, body: unknown): Promise<void> => {
    const { ok, status } = await fetch(`${told}/${what}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!ok) throw new Error(`the name server answers ${status} to ${what}`);
  };
  const stop = async (): Promise<void> => {
    await Promise.all([endTied(authority), endTied(nameServer)]);
    await rm(folder, { recursive: true, force: true });
  };
  const directory = `https://localhost:${acme}/dir`;
  const exchange = httpsExchange(certificatePem);
  const isUp = async (): Promise<true> => {
    await exchange({ method: "GET", url: directory }, AbortSignal.timeout(5000));
    await tell("clear-txt", { host: "up.example." });
    return true;
  };
  const cameUp = async (): Promise<void> => {
    await until("pebble", isUp, 20_000);
  };
  await cameUp().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const resolver = new Resolver({ timeout: 5_000 });
  resolver.setServers([`${local}:${dns}`]);
  return {
    directory,
    ca: certificatePem,
    httpPort: config.httpPort,
    names: told,
    root: async () => {
      const url = `https://localhost:${management}/roots/0`;
      return (await exchange({ method: "GET", url }, AbortSignal.timeout(5000))).body;
    },
    point: (host, address) => tell("add-a", { host: `${host}.`, addresses: [address] }),
    breakName: (host) => tell("set-servfail", { host: `${host}.` }),
    addText: (name, value) => tell("set-txt", { host: `${name}.`, value }),
    clearText: (name) => tell("clear-txt", { host: `${name}.` }),
    texts: async (name) => {
      const found = await resolver.resolveTxt(name).catch((error: unknown) => {
        const isNone = error instanceof Error && "code" in error && error.code === "ENODATA";
        if (isNone) return [];
        throw error;
      });
      return found.map((parts) => parts.join(""));
    },
    leave: () => endTied(authority),
    comeBack: async () => {
      authority = await start();
      await cameUp();
    },
    stop,
  };
}
