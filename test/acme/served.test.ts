import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { httpsExchange } from "../../src/acme/exchange.ts";
import { createIssuer } from "../../src/acme/issuer.ts";
import { runSteps, type StepContext } from "../../src/apply/steps.ts";
import type { Kind } from "../../src/kinds/kind.ts";
import { certificate } from "../../src/kinds/machine/certificate.ts";
import { certification, type CertificationSpec } from "../../src/kinds/machine/certification.ts";
import {
  certificatePath,
  readCertificates,
  certificatesQuery,
  type CertificateState,
} from "../../src/kinds/shared/certificate/files.ts";
import { listStep } from "../../src/kinds/shared/certificate/swap.ts";
import { readCertificate } from "../../src/lib/certificate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Issuer } from "../../src/model/issuer.ts";
import type { Secret } from "../../src/model/secret.ts";
import { RemoteError, type Session } from "../../src/remote/session.ts";
import { facts as someFacts } from "../support/converge.ts";
import { startPebble, type Pebble } from "../support/pebble.ts";
import { emptyProxy, poolOf, routeOf } from "../support/proxy-specs.ts";
import { startProxy, type Proxy } from "../support/running-haproxy.ts";

const run = promisify(execFile);
const host = "shop.example.com";
const day = 24 * 60 * 60 * 1000;

/** A machine's folder, and what is done there by steps. */
interface Place {
  readonly root: string;
  readonly session: Session;
}

async function placeFor(machine: string, proxy?: Proxy): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), `${machine}-`));
  const etc = proxy?.site.etc ?? join(root, "etc");
  await mkdir(etc, { recursive: true });
  await symlink(etc, join(root, "proxy"));
  if (proxy !== undefined) await symlink(proxy.site.run, join(etc, "run"));
  const session = {
    machine,
    put: async ({ path, content, mode }: { path: string; content: Uint8Array; mode: string }) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      await chmod(path, Number.parseInt(mode, 8));
    },
    exec: async ({ argv: [program = "", ...words] }: { argv: readonly string[] }) => {
      const { stdout, stderr } = await run(program, words, { encoding: "buffer" });
      return { code: 0, stdout, stderr };
    },
    // The proxy here is in no container, and has its files elsewhere.
    talk: async ({ path, text }: { path: string; text: string }) => {
      const socket = dial(path);
      await once(socket, "connect").catch(() => {
        throw new RemoteError(machine, "network", `nothing listens at ${path}`);
      });
      socket.end(text.replaceAll("/etc/slipway", etc));
      return (await textOf(socket)).replaceAll(etc, "/etc/slipway");
    },
  } as unknown as Session;
  return { root, session };
}

describe("a host's certificate on machines with a real proxy and a real authority", () => {
  let pebble: Pebble;
  let proxy: Proxy;
  let web1: Place;
  let web2: Place;
  let spec: CertificationSpec;
  let now = Date.now();
  const clock = { ...systemClock, now: () => now };
  let issuer: Issuer;
  const keys = new Map<string, Secret>();

  before(async () => {
    proxy = await startProxy({
      ...emptyProxy,
      routes: [routeOf(host, { pool: "shop", tls: "on" })],
      pools: [poolOf("shop")],
    });
    pebble = await startPebble({ httpPort: proxy.site.httpPort });
    web1 = await placeFor("web-1", proxy);
    web2 = await placeFor("web-2");
    const authority = { directory: pebble.directory };
    spec = { host, authority, machines: ["web-1", "web-2"] };
    issuer = createIssuer({
      clock,
      exchange: httpsExchange(pebble.ca),
      env: {},
      accounts: {
        read: (directory) => Promise.resolve(keys.get(directory)),
        write: (directory, key) => Promise.resolve(void keys.set(directory, key)),
      },
    });
  });
  after(async () => {
    await Promise.all([pebble.stop(), proxy.stop()]);
    for (const { root } of [web1, web2]) await rm(root, { recursive: true });
  });

  const seen = async ({ root }: Place): Promise<CertificateState | undefined> => {
    const { argv } = certificatesQuery(root);
    const { stdout } = await run(argv[0] ?? "", argv.slice(1));
    return readCertificates(stdout).get(host);
  };
  const contextOn = (place: Place): StepContext =>
    ({
      session: place.session,
      clock,
      preempt: new AbortController().signal,
      redact: (text: string) => text,
      fence: () => Promise.resolve(() => undefined),
      progress: () => undefined,
      certifying: {
        issuer,
        session: (machine: string) =>
          [web1, web2].find((p) => p.session.machine === machine)?.session,
      },
    }) as unknown as StepContext;
  /** The reason, where there was one. */
  const apply = async <Spec>(
    kind: Kind<Spec, CertificateState>,
    want: Spec,
    place: Place,
  ): Promise<string | undefined> => {
    const have = await seen(place);
    const facts = { ...someFacts, root: place.root, clockMs: now };
    const difference = kind.diff(want, have, facts);
    if (difference === undefined) return undefined;
    const chosen = { difference, want, ...(have === undefined ? {} : { have }) };
    await runSteps(contextOn(place), kind.apply(chosen, facts));
    return difference.reason.code;
  };
  const shown = async (): Promise<string> => {
    const socket = connectTls({
      port: proxy.site.httpsPort,
      servername: host,
      rejectUnauthorized: false,
    });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256.replaceAll(":", "").toLowerCase();
  };
  const sumOn = async (place: Place): Promise<string | undefined> =>
    readCertificate(await readFile(certificatePath(place.root, host), "utf8"))?.sha256;

  it("stands in first, and the proxy takes it while it runs", async () => {
    assert.equal(await apply(certificate, { host }, web1), "missing");
    await runSteps(contextOn(web1), [listStep(web1.root, host)]);
    assert.equal((await seen(web1))?.file?.certificate?.isStandIn, true);
    assert.equal(await shown(), await sumOn(web1));
  });

  it("is then issued, answered for by the proxy, and shown without a reload", async () => {
    const pid = /^Pid: (\d+)$/m.exec(await proxy.say("show info"))?.[1];
    assert.equal(await apply(certification, spec, web1), "stand-in");
    assert.equal(await shown(), await sumOn(web1));
    assert.match((await seen(web1))?.file?.certificate?.issuer ?? "", /^Pebble/);
    assert.equal((await proxy.say(`show map ${proxy.site.etc}/acme.map`)).trim(), "");
    assert.equal(/^Pid: (\d+)$/m.exec(await proxy.say("show info"))?.[1], pid);
    assert.equal(await apply(certificate, { host }, web1), undefined);
    assert.equal(await apply(certification, spec, web1), undefined);
  });

  it("is the same on a machine that joins, whose proxy does not run yet", async () => {
    assert.equal(await apply(certificate, { host }, web2), "missing");
    assert.equal(await apply(certification, spec, web2), "stand-in");
    assert.equal(await apply(certification, spec, web2), undefined);
    assert.equal((await seen(web2))?.file?.sum, (await seen(web1))?.file?.sum);
  });

  it("is renewed when two thirds of its life are over", async () => {
    const before = await shown();
    const { notBefore = 0, notAfter = 0 } = (await seen(web1))?.file?.certificate ?? {};
    now = notBefore + ((notAfter - notBefore) * 2) / 3 - day;
    assert.equal(await apply(certification, spec, web1), undefined);
    now += 2 * day;
    assert.equal(await apply(certification, spec, web1), "due");
    assert.equal(await shown(), await sumOn(web1));
    assert.notEqual(await shown(), before);
  });
});
