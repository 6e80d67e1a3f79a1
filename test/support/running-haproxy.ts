import { execFile, spawn } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  readRuntime,
  runtimeQuery,
  type ProxyRuntime,
} from "../../src/kinds/machine/proxy/state.ts";
import { renderConfig } from "../../src/kinds/shared/proxy/config.ts";
import type { ProxySite } from "../../src/kinds/shared/proxy/config/site.ts";
import { layoutFor, type Layout } from "../../src/kinds/shared/proxy/layout.ts";
import { renderMaps } from "../../src/kinds/shared/proxy/maps.ts";
import { renderPages } from "../../src/kinds/shared/proxy/pages.ts";
import { placeMembers } from "../../src/kinds/shared/proxy/slots.ts";
import type { ProxySpec } from "../../src/kinds/shared/proxy/spec.ts";
import { parseCounters, type ProxyCounters } from "../../src/lib/haproxy.ts";
import { until } from "../fleet/wait.ts";

const run = promisify(execFile);
/** Another version can be tried. */
const program = process.env["SLIPWAY_HAPROXY"] ?? "/usr/sbin/haproxy";

/** A folder with all that a proxy reads, and a certificate for https. */
export interface ProxyFolder {
  readonly site: ProxySite;
  write(spec: ProxySpec, layout: Layout): Promise<void>;
  /** What HAProxy says of the configuration; throws when it would not start. */
  check(): Promise<string>;
  remove(): Promise<void>;
}

export async function proxyFolder(): Promise<ProxyFolder> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-proxy-"));
  const [httpPort = 0, httpsPort = 0] = await freePorts(2);
  const site = { etc: folder, run: folder, httpPort, httpsPort };
  await mkdir(join(folder, "certs"));
  const certificate = join(folder, "certs/default.pem");
  const what =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=*.test";
  const files = ["-keyout", certificate, "-out", `${certificate}.crt`];
  await run("openssl", [...what.split(" "), ...files]);
  await run("sh", ["-c", 'cat "$1.crt" >> "$1" && rm "$1.crt"', "sh", certificate]);
  await writeFile(join(folder, "crt-list"), `${certificate}\n`);
  return {
    site,
    write: async (spec, layout) => {
      const config = renderConfig(spec, layout, placeMembers(spec, layout), site);
      const files = { "haproxy.cfg": config, ...renderMaps(spec, layout), ...renderPages() };
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    },
    check: async () => (await run(program, ["-c", "-f", join(folder, "haproxy.cfg")])).stderr,
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** A proxy that runs. */
export interface Proxy {
  readonly site: ProxySite;
  readonly layout: Layout;
  /** One line for the runtime API, and its answer. */
  say(line: string): Promise<string>;
  read(): Promise<ProxyRuntime>;
  counters(): Promise<readonly ProxyCounters[]>;
  /** Ends it and starts it anew from its files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startProxy(spec: ProxySpec): Promise<Proxy> {
  const folder = await proxyFolder();
  const layout = layoutFor(spec, undefined);
  await folder.write(spec, layout);
  const { site } = folder;
  const socket = join(site.run, "admin.sock");
  const start = async (): Promise<Running> =>
    await startProgram(join(site.etc, "haproxy.cfg"), socket);
  let running = await start().catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const say = async (line: string): Promise<string> => await saySocket(socket, line);
  return {
    site,
    layout,
    say,
    read: async () =>
      readRuntime(await say(runtimeQuery("").text.trim().replaceAll("/etc/slipway", site.etc))),
    counters: async () => parseCounters(await say("show stat")) ?? [],
    restart: async () => {
      await running.end();
      running = await start();
    },
    stop: async () => {
      await running.end();
      await folder.remove();
    },
  };
}

interface Running {
  end(): Promise<void>;
}

async function startProgram(config: string, socket: string): Promise<Running> {
  const argv = ["--pdeathsig", "KILL", "--", program, "-W", "-db", "-f", config];
  const child = spawn("setpriv", argv, {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  const end = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  await until("the proxy runs", async () => {
    if (child.exitCode !== null) throw new Error(said);
    return (await saySocket(socket, "show info").catch(() => "")) === "" ? undefined : true;
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return { end };
}

const saySocket = async (path: string, line: string): Promise<string> =>
  await new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
    socket.end(`${line}\n`);
  });

/** Nobody else has them now; taken together, as one by one the same might come twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
