import { request as httpRequest, type Agent, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { orAbort } from "../lib/deadline.ts";
import type { EngineRequest } from "./session.ts";

export interface Sending {
  readonly agent: Agent;
  /** Before the path: `/v1.41`. */
  readonly prefix: string;
  readonly request: EngineRequest;
  /** Until the head of the answer. */
  readonly signal: AbortSignal;
  readonly upgrade?: boolean;
}

export interface Sent {
  readonly response: IncomingMessage;
  readonly content: AsyncIterable<Uint8Array>;
  /** The connection itself, when the answer was 101. */
  readonly stream?: Duplex;
}

/** A kept connection that had died unnoticed: a request that changes nothing can be sent again. */
export class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

/** Resolves with the answer's head. Rejects with the signal's reason, StaleConnection or the connection's error. */
export function sendRequest({
  agent,
  prefix,
  request,
  signal,
  upgrade = false,
}: Sending): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const sending = httpRequest({
      agent,
      method: request.method,
      path: prefix + request.path,
      headers: {
        host: "engine",
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...(upgrade ? { connection: "Upgrade", upgrade: "tcp" } : {}),
        ...request.headers,
      },
    });
    const abort = (): void => {
      reject(signal.reason as Error);
      sending.destroy();
    };
    const settle = (): void => signal.removeEventListener("abort", abort);
    sending.on("error", (error: NodeJS.ErrnoException) => {
      settle();
      const stale = sending.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      const repeatable = request.method === "GET" || request.method === "HEAD";
      reject(stale && repeatable ? new StaleConnection(error.message, { cause: error }) : error);
    });
    sending.once("response", (response) => {
      settle();
      resolve({ response, content: response });
    });
    sending.once("upgrade", (response, stream, head) => {
      settle();
      if (head.length > 0) stream.unshift(head);
      resolve({ response, content: response, stream });
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) return abort();
    sending.end(body);
  });
}

/** The whole body as text; undefined when it is longer. Rejects with the signal's reason or the connection's error. */
export async function readBounded(
  { response, content }: Sent,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > maxBytes) return;
      chunks.push(chunk);
    }
  };
  try {
    await orAbort(read(), signal);
  } catch (error) {
    response.on("error", () => undefined).destroy();
    throw error;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString();
}
