import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** An app behind a proxy: says what it was asked. */
export interface WebApp {
  readonly address: string;
  readonly port: number;
  /** `GET /up`, in order. */
  readonly asked: readonly string[];
  /** Clients that left before their answer was whole. */
  left(): number;
  /** Connections to it. */
  open(): number;
  stop(): Promise<void>;
}

/** What it says of a request. */
export interface Heard {
  readonly by: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
}

/** Addresses of the loopback network stand for those of containers. */
export async function startWebApp(address: string, port: number): Promise<WebApp> {
  const asked: string[] = [];
  let left = 0;
  const server = createServer((request, reply) => {
    asked.push(`${request.method} ${request.url}`);
    reply.once("close", () => (left += Number(!reply.writableFinished)));
    answer(address, request, reply);
  });
  server.on("upgrade", echo);
  server.keepAliveTimeout = 120_000;
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  server.unref();
  return {
    address,
    port,
    asked,
    left: () => left,
    open: () => sockets.size,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function answer(by: string, request: IncomingMessage, reply: ServerResponse): void {
  const { method = "", url = "", headers } = request;
  const [, what, value] = /^\/(\w+)\/?([\w.]+)?/.exec(url) ?? [];
  if (what === "die" && (value ?? by) === by) return void request.socket.destroy();
  if (what === "up" && value !== undefined && value !== headers.host)
    return void reply.writeHead(400).end();
  if (what === "status") return void reply.writeHead(Number(value)).end();
  if (what === "pause") return void setTimeout(() => reply.end("late"), Number(value));
  if (what === "text")
    return void reply
      .writeHead(200, { "content-type": "text/plain" })
      .end("much the same ".repeat(1_000));
  if (what === "events") {
    reply.writeHead(200, { "content-type": "text/event-stream" });
    reply.write("data: first\n\n");
    return void setTimeout(() => reply.end("data: last\n\n"), Number(value)).unref();
  }
  let bytes = 0;
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  request.once("end", () => reply.end(JSON.stringify({ by, method, url, headers, bytes })));
}

/** Takes a WebSocket and sends back what it gets, as it comes. */
function echo(request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.pipe(socket);
}
