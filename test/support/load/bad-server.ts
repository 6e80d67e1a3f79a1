import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecure } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { encodeFrame, frameKinds, takeFrames } from "./frames.ts";
import { acceptOf } from "./sockets.ts";

/** What the server does wrong. */
export type Misdeed =
  | "reset"
  | "cut"
  | "end early"
  | "503"
  | "hang"
  | "stall"
  | "wrong"
  | "leave"
  | "drop"
  | "mutter";

export interface BadServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers as the test app does, and goes wrong after so many requests. */
export async function openBadServer(
  misdeed?: Misdeed,
  options: { readonly after?: number; readonly tls?: { key: string; cert: string } } = {},
): Promise<BadServer> {
  const { after = 0, tls } = options;
  let asked = 0;
  const serve = (request: IncomingMessage, reply: ServerResponse): void => {
    const sort = ++asked > after ? misdeed : undefined;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => answer(request, reply, Buffer.concat(chunks).toString(), sort));
  };
  const server: Server = tls === undefined ? createServer(serve) : createSecure(tls, serve);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    converse(request, socket, ++asked > after ? misdeed : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  request: IncomingMessage,
  reply: ServerResponse,
  body: string,
  misdeed: Misdeed | undefined,
): void {
  const chunks = /n=(\d+)/.exec(request.url ?? "")?.[1];
  const text =
    chunks === undefined ? (body === "" ? "version=7\n" : body) : "tick\n".repeat(Number(chunks));
  const right = misdeed === "wrong" ? "something else\n" : text;
  reply.setHeader("x-version", "7");
  if (misdeed === "reset") request.socket.resetAndDestroy();
  else if (misdeed === "503") reply.writeHead(503).end("no server is available");
  else if (misdeed === "cut" || misdeed === "stall") {
    reply.setHeader("content-length", right.length + 1);
    reply.write(right, () => misdeed === "cut" && request.socket.destroy());
  } else if (misdeed === "end early") reply.end(right.slice(5));
  else if (misdeed !== "hang") reply.end(right);
}

function converse(request: IncomingMessage, socket: Duplex, misdeed: Misdeed | undefined): void {
  socket.on("error", () => undefined);
  socket.once("end", () => socket.end());
  const key = request.headers["sec-websocket-key"] ?? "";
  const accept = acceptOf(misdeed === "wrong" ? "another key" : key);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Version: 7\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("data", (bytes: Buffer) => {
    for (const { kind, data } of takeFrames(bytes)?.frames ?? []) {
      if (kind === frameKinds.close) socket.end();
      else if (misdeed === "drop") socket.destroy();
      else if (misdeed === "leave")
        socket.end(encodeFrame(frameKinds.close, Buffer.from([0x03, 0xe9]), false));
      else if (misdeed !== "stall")
        socket.write(encodeFrame(kind, misdeed === "mutter" ? Buffer.from("mumble") : data, false));
    }
  });
}
