import { execFile, spawn } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
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
import { mapEntries, renderMaps } from "../../src/kinds/shared/proxy/maps.ts";
import { renderPages } from "../../src/kinds/shared/proxy/pages.ts";
import { placeMembers } from "../../src/kinds/shared/proxy/slots.ts";
import type { ProxySpec } from "../../src/kinds/shared/proxy/spec.ts";
import { parseCounters, type ProxyCounters } from "../../src/lib/haproxy.ts";
import { Hopeless, until } from "../fleet/wait.ts";

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
      const slots = placeMembers(spec, layout);
      const config = renderConfig(spec, layout, slots, site);
      const files = {
        "haproxy.cfg": config,
        ...renderMaps(mapEntries(spec, layout, slots)),
        ...renderPages(),
      };
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    },
    check: async () => (await run(program, ["-c", "-f", join(folder, "haproxy.cfg")])).stderr,
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** A proxy that runs. */
export interface Proxy {
  readonly folder: ProxyFolder;
  readonly site: ProxySite;
  readonly layout: Layout;
  /** One line for the runtime API, and its answer. */
  say(line: string): Promise<string>;
  read(): Promise<ProxyRuntime>;
  counters(): Promise<readonly ProxyCounters[]>;
  /** Ends it and starts it anew from its files. */
  restart(): Promise<void>;
  /** Takes no new connections, and is gone when none is left. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

/** With a former one: in its place, taking its listeners over. */
export async function startProxy(spec: ProxySpec, former?: Proxy): Promise<Proxy> {
  const folder = former?.folder ?? (await proxyFolder());
  const layout = layoutFor(spec, former?.layout);
  await folder.write(spec, layout);
  const { site } = folder;
  const socket = join(site.run, "admin.sock");
  const start = async (isOver: boolean): Promise<Running> =>
    await startProgram(join(site.etc, "haproxy.cfg"), socket, isOver);
  let running = await start(former !== undefined).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const say = async (line: string): Promise<string> => await saySocket(socket, line);
  return {
    folder,
    site,
    layout,
    say,
    read: async () =>
      readRuntime(await say(runtimeQuery("").text.trim().replaceAll("/etc/slipway", site.etc))),
    counters: async () => parseCounters(await say("show stat")) ?? [],
    restart: async () => {
      await running.end("SIGTERM");
      running = await start(false);
    },
    leave: async () => await running.end("SIGUSR1"),
    stop: async () => {
      await running.end("SIGTERM");
      await folder.remove();
    },
  };
}

interface Running {
  end(signal: "SIGTERM" | "SIGUSR1"): Promise<void>;
}

async function startProgram(config: string, socket: string, isOver: boolean): Promise<Running> {
  const over = isOver ? ["-x", socket] : [];
  const argv = ["--pdeathsig", "KILL", "--", program, "-W", "-db", ...over, "-f", config];
  const own = randomUUID();
  const child = spawn("setpriv", argv, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, SLIPWAY_PROXY: own },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  const end: Running["end"] = async (signal) => {
    child.kill(signal);
    await ended;
  };
  await until("the proxy runs", async () => {
    if (child.exitCode !== null) throw new Hopeless(said);
    const answer = await saySocket(socket, "show env SLIPWAY_PROXY").catch(() => "");
    return answer.includes(own) || undefined;
  }).catch(async (error: unknown) => {
    await end("SIGTERM");
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

/** Nobody has them now, and no connection gets one before it is listened at: those come from above. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

const isFree = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
