import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listen, close } from "./listen.ts";
import { endTied, spawnTied } from "./processes.ts";
import { until } from "./wait.ts";
import type { Registry, RegistryFault } from "./types.ts";

export type RunningRegistry = { registry: Registry; socket: string; stop: () => Promise<void> };

/** Debian's registry on a socket of its own, behind a door that can be shut in several ways. */
export async function startRegistry(dir: string, hostAddress: string): Promise<RunningRegistry> {
  const socket = join(dir, "registry.sock");
  const config = join(dir, "registry.yml");
  await mkdir(join(dir, "registry"));
  await writeFile(config, registryConfig(join(dir, "registry"), socket));
  const serve = ["sh", "-c", 'echo started; exec docker-registry serve "$1"', "registry", config];
  const backend = await spawnTied(dir, serve);
  await until("the registry", async () =>
    (await ask(socket, "GET", "/v2/")).status === 200 ? true : undefined,
  );

  const requests: string[] = [];
  let fault: RegistryFault | undefined;
  let login: string | undefined;
  const server = createServer((incoming, answer) => {
    requests.push(`${incoming.method ?? ""} ${incoming.url ?? ""}`);
    if (login !== undefined && incoming.headers.authorization !== login) {
      refuse(answer);
      return;
    }
    if (fault === "hang") return;
    if (fault === "500" || fault === "404") {
      answer
        .writeHead(Number(fault), { "content-type": "application/json" })
        .end('{"errors":[{"code":"UNKNOWN"}]}');
      return;
    }
    passOn(socket, incoming, answer, fault === "truncate");
  });
  await listen(server, hostAddress, 5000);
  const registry: Registry = {
    address: `${hostAddress}:5000`,
    fault: (kind) => {
      fault = kind;
      if (kind !== "hang") server.closeAllConnections(); // those left hanging
    },
    requireLogin: (wanted) => {
      login =
        wanted && `Basic ${Buffer.from(`${wanted.user}:${wanted.password}`).toString("base64")}`;
    },
    requests,
  };
  return { registry, socket, stop: () => stop(server, () => endTied(backend)) };
}

/** As the registry itself does where it has an htpasswd file. */
function refuse(answer: ServerResponse): void {
  const error = { code: "UNAUTHORIZED", message: "authentication required", detail: null };
  answer
    .writeHead(401, {
      "content-type": "application/json; charset=utf-8",
      "docker-distribution-api-version": "registry/2.0",
      "www-authenticate": 'Basic realm="fleet"',
    })
    .end(JSON.stringify({ errors: [error] }));
}

async function stop(server: Server, end: () => Promise<void>): Promise<void> {
  await close(server);
  await end();
}

function passOn(
  socketPath: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  truncate: boolean,
): void {
  const { method, url, headers } = incoming;
  const onward = request({ socketPath, method, path: url, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    if (truncate && url?.includes("/blobs/") === true) {
      reply.once("data", (chunk: Buffer) => {
        answer.write(chunk.subarray(0, chunk.length / 2), () => answer.destroy());
        reply.destroy();
      });
    } else {
      reply.pipe(answer);
    }
  });
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

export type Reply = { status: number; location: string; digest: string; text: string };

/** A request to the registry itself, past the door. */
export function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: { bytes: Buffer; type: string },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body && { "content-type": body.type, "content-length": body.bytes.length };
    const asked = request(
      { socketPath, method, path, headers: { host: "registry", ...headers } },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.once("error", reject);
        reply.once("end", () =>
          resolve({
            status: reply.statusCode ?? 0,
            location: reply.headers.location ?? "",
            digest: String(reply.headers["docker-content-digest"] ?? ""),
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    asked.once("error", reject);
    asked.end(body?.bytes);
  });
}

const registryConfig = (data: string, socket: string): string => `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${data} }, delete: { enabled: true } }
http: { addr: ${socket}, net: unix, relativeurls: true, secret: fleet }
`;
