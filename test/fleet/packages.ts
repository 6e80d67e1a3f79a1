import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { mirrors } from "./distributions.ts";
import { cacheDir, isOlder } from "./home.ts";
import { close, listen } from "./listen.ts";
import { run } from "./run.ts";
import type { PackageFault, Packages } from "./types.ts";
import { every } from "./wait.ts";

const keptForMs = 30 * 24 * 3600_000;
const silenceMs = 30_000;

/** A proxy for apt. What has the same name for ever, such as a package of one version, is kept on disk. */
export async function startPackages(
  hostAddress: string,
  port: number,
): Promise<{ packages: Packages; stop: () => Promise<void> }> {
  const dir = join(cacheDir(), "packages");
  await mkdir(dir, { recursive: true });
  await forgetOld(dir);
  const agent = new Agent({ keepAlive: true, maxSockets: 8, proxyEnv: await onwardProxy() });
  const requests: string[] = [];
  let fault: PackageFault | undefined;
  const server = createServer((incoming, answer) => {
    requests.push(`${incoming.method ?? ""} ${incoming.url ?? ""}`);
    if (fault === "hang") return;
    if (fault === "500") answer.writeHead(500).end();
    else forward(dir, agent, incoming, answer).catch(() => answer.destroy());
  });
  await listen(server, hostAddress, port);
  const packages: Packages = {
    url: `http://${hostAddress}:${(server.address() as AddressInfo).port}`,
    fault: (kind) => {
      fault = kind;
      if (kind !== "hang") server.closeAllConnections(); // those left hanging
    },
    requests,
  };
  const stop = async (): Promise<void> => {
    await close(server);
    agent.destroy();
  };
  return { packages, stop };
}

async function forward(
  dir: string,
  agent: Agent,
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const { method, headers } = incoming;
  const target = URL.parse(incoming.url ?? "");
  if (method !== "GET" || target?.protocol !== "http:" || !mirrors.includes(target.host)) {
    answer.writeHead(403).end();
    return;
  }
  const kept = nameFor(target);
  const file = kept === undefined ? undefined : join(dir, kept);
  const size = file && (await stat(file).catch(() => undefined))?.size;
  if (file !== undefined && size !== undefined) {
    await utimes(file, new Date(), new Date());
    answer.writeHead(200, { "content-length": size });
    await pipeline(createReadStream(file), answer);
    return;
  }
  const { "proxy-connection": _, ...passed } = headers;
  const reply = await replyOf(target, agent, passed);
  if (reply === undefined) {
    answer.writeHead(502).end();
    return;
  }
  answer.writeHead(reply.statusCode ?? 502, reply.headers);
  if (file === undefined || reply.statusCode !== 200) await pipeline(reply, answer);
  else await keep(reply, file, answer);
}

/** Gives an answer on and keeps it: as a whole, or not at all. */
async function keep(reply: IncomingMessage, file: string, answer: ServerResponse): Promise<void> {
  const fresh = `${file}-${randomUUID()}`;
  try {
    await every([pipeline(reply, createWriteStream(fresh)), pipeline(reply, answer)]);
    const { size } = await stat(fresh);
    if (String(size) === reply.headers["content-length"]) await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
}

function nameFor({ href, pathname }: URL): string | undefined {
  const isFixed = pathname.endsWith(".deb") || pathname.includes("/by-hash/");
  const digest = createHash("sha256").update(href).digest("hex").slice(0, 16);
  return isFixed ? `${digest}-${basename(decodeURIComponent(pathname)).slice(0, 100)}` : undefined;
}

function replyOf(
  target: URL,
  agent: Agent,
  headers: OutgoingHttpHeaders,
): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const asked = request(target, { agent, headers, timeout: silenceMs }, resolve);
    asked.once("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}

/** The way out that this host's own apt takes. */
async function onwardProxy(): Promise<NodeJS.ProcessEnv> {
  const own = process.env["http_proxy"];
  if (own !== undefined) return { http_proxy: own };
  const { stdout } = await run(["apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy"]);
  const [first = ""] = stdout.split("\n");
  return first === "" || first === "DIRECT" ? {} : { http_proxy: first };
}

async function forgetOld(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const file = join(dir, name);
    if (await isOlder(file, keptForMs)) await rm(file, { force: true });
  }
}
