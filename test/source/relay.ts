import {
  createServer,
  request,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { close, listen } from "../fleet/listen.ts";

export interface Relayed {
  readonly url: string;
  /** Authorization headers as they came. */
  readonly logins: (string | undefined)[];
  stop(): Promise<void>;
}

export interface Meddling {
  /** Before it is passed on; true: answered here. */
  readonly answer?: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;
  /** Headers that do not get through. */
  readonly withhold?: readonly string[];
  /** Answers to POSTs are cut off after so many bytes. */
  readonly cutAfter?: number;
}

/** Stands before a server as a proxy does, and meddles. */
export async function relay(target: string, meddling: Meddling): Promise<Relayed> {
  const logins: (string | undefined)[] = [];
  const server = createServer((incoming, outgoing) => {
    logins.push(incoming.headers.authorization);
    if (meddling.answer?.(incoming, outgoing) === true) return;
    const headers = { ...incoming.headers };
    for (const name of meddling.withhold ?? []) delete headers[name];
    pass(new URL(incoming.url ?? "/", target), { method: incoming.method ?? "GET", headers });

    function pass(url: URL, options: RequestOptions): void {
      const onward = request(url, { ...options, agent: false }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        if (incoming.method === "POST" && meddling.cutAfter !== undefined) {
          cutOff(reply, outgoing, meddling.cutAfter);
        } else reply.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      incoming.pipe(onward);
    }
  });
  await listen(server, "127.0.0.1", 0);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, logins, stop: () => close(server) };
}

function cutOff(reply: IncomingMessage, outgoing: ServerResponse, after: number): void {
  let left = after;
  reply.on("data", (chunk: Buffer) => {
    outgoing.write(chunk.subarray(0, Math.max(0, left)), () => {
      if (left <= 0) outgoing.destroy();
    });
    left -= chunk.length;
  });
  reply.on("end", () => outgoing.end());
}
