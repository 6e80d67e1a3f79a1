import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { ask, heard } from "./ask.ts";

/** A WebSocket as far as its handshake; what is written comes as it is. */
export async function openSocket(port: number, host: string): Promise<Duplex> {
  const call = request({
    host: "127.0.0.1",
    port,
    agent: false,
    headers: {
      host,
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  });
  call.end();
  const [, socket] = (await once(call, "upgrade")) as [IncomingMessage, Duplex];
  return socket;
}

export interface Clients {
  /** Who has answered them. */
  readonly by: ReadonlySet<string>;
  /** All that went wrong. */
  stop(): Promise<readonly string[]>;
}

/** Four, each with one request after the other, each on a connection of its own. */
export function startClients(port: number, host: string): Clients {
  const by = new Set<string>();
  const wrong: string[] = [];
  const stopping = new AbortController();
  const client = async (method: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      const said = await ask({ port, host, method }).catch((error: unknown) => String(error));
      if (typeof said !== "string" && said.status === 200) by.add(heard(said).by);
      else wrong.push(typeof said === "string" ? said : String(said.status));
    }
  };
  const clients = Promise.all(["GET", "POST", "GET", "POST"].map(client));
  return {
    by,
    stop: async () => {
      stopping.abort();
      await clients;
      return wrong;
    },
  };
}
