import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A server on an engine's socket whose faults can be chosen; a real engine is asked in test/live. */
export interface EngineStub {
  /** Of the ping. */
  version: string;
  /** As `METHOD /path`, in order; without the HEAD by which the engine's own client begins. */
  readonly seen: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => unknown;
  close(): void;
}

export async function stubEngine(socket: string): Promise<EngineStub> {
  const server = createServer((request, response) => {
    if (request.method !== "HEAD") stub.seen.push(`${request.method} ${request.url}`);
    if (request.url === "/_ping" && stub.version !== "")
      return response.setHeader("Api-Version", stub.version).end("OK");
    return stub.answer(request, response);
  });
  const stub: EngineStub = {
    version: "1.41",
    seen: [],
    answer: (_, response) => response.end("{}"),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  await once(server.listen(socket), "listening");
  await chmod(socket, 0o600);
  return stub;
}
