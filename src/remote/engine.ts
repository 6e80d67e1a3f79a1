import { Readable, type Duplex } from "node:stream";
import { engineMessage } from "../lib/engine-message.ts";
import { DeadlinePassed, orAbort, startDeadline } from "../lib/deadline.ts";
import { ChannelRefused } from "./channel.ts";
import { linksTo } from "./engine-link.ts";
import { readBounded, sendRequest, StaleConnection, type Sent } from "./http.ts";
import type { Login } from "./rights.ts";
import { RemoteError, type EngineReply, type EngineRequest, type EngineStream } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

/** The engine's API on one machine. All reject with RemoteError (mostly of class engine) or their signal's reason. */
export interface Engine {
  call(request: EngineRequest): Promise<EngineReply>;
  stream(request: EngineRequest): Promise<EngineStream>;
  /** A request whose connection becomes a plain stream in both directions. */
  upgrade(request: EngineRequest): Promise<Duplex>;
}

/** What an engine answers that was upgraded after it had offered a version. */
const otherVersion = /client version .* is too (old|new)/i;

type Use = "call" | "stream" | "upgrade";

const defaultMaxBytes = 16 * 1024 * 1024;

export function createEngine(connection: Connection, slots: Slots, login: Login): Engine {
  const { machine } = connection.target;
  const links = linksTo(connection, slots, login);

  const trouble = (text: string, cause?: unknown): RemoteError =>
    new RemoteError(machine, "engine", text, { cause });

  const explain = (error: unknown, request: EngineRequest): unknown => {
    if (connection.gone.aborted) return connection.gone.reason;
    if (request.signal?.aborted) return request.signal.reason;
    if (error instanceof RemoteError) return error;
    const what = `${request.method} ${request.path.replace(/\?.*/, "")}`;
    if (error instanceof DeadlinePassed) {
      return trouble(`no answer from the engine in ${request.timeoutMs / 1000} s (${what})`, error);
    }
    return trouble(`${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  };

  /** Sends again where that is safe: on a kept connection that had died, over another way, by another version. */
  const send = async (request: EngineRequest, signal: AbortSignal, use: Use): Promise<Sent> => {
    let keptDied = false;
    let linkFailed = false;
    for (;;) {
      const current = links.current();
      const { route, prefix } = await orAbort(current, signal);
      const agent = use === "call" && !keptDied ? route.calls : route.streams;
      const upgrade = use === "upgrade";
      try {
        const sent = await sendRequest({ agent, prefix, request, signal, upgrade });
        if (linkFailed || sent.response.statusCode !== 400) return sent;
        const text = (await readBounded(sent, 65_536, signal)) ?? "";
        if (!otherVersion.test(text))
          return { ...sent, content: Readable.from([Buffer.from(text)]) };
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof StaleConnection && !keptDied) {
          keptDied = true;
          continue;
        }
        // Where no channel was opened nothing was sent; if the engine has gone, its client knows why.
        if (!(error instanceof ChannelRefused) || linkFailed) {
          links.forget(current);
          throw error;
        }
      }
      links.forget(current);
      linkFailed = true;
    }
  };

  const withDeadline = async <T>(
    request: EngineRequest,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const deadline = startDeadline(request.timeoutMs, request.signal, connection.gone);
    try {
      return await work(deadline.signal);
    } catch (error) {
      throw explain(error, request);
    } finally {
      deadline.end();
    }
  };

  const limit = (request: EngineRequest, bytes: number): RemoteError =>
    new RemoteError(
      machine,
      "limit",
      `${request.method} ${request.path}: the answer is longer than ${bytes} bytes`,
    );

  return {
    call: (request) =>
      withDeadline(request, async (signal) => {
        const { route } = await orAbort(links.current(), signal);
        const leave = await route.places.enter(signal);
        try {
          const sent = await send(request, signal, "call");
          const maxBytes = request.maxBytes ?? defaultMaxBytes;
          const text = await readBounded(sent, maxBytes, signal);
          if (text === undefined) throw limit(request, maxBytes);
          return { status: sent.response.statusCode ?? 0, body: parsed(text) };
        } finally {
          leave();
        }
      }),

    stream: (request) =>
      withDeadline(request, async (signal) => {
        const { response, content } = await send(request, signal, "stream");
        const ends = AbortSignal.any([
          connection.gone,
          ...(request.signal === undefined ? [] : [request.signal]),
        ]);
        const stop = (): void => void response.destroy();
        ends.addEventListener("abort", stop, { once: true });
        // It may end while nobody reads.
        response.on("error", () => undefined);
        const chunks = async function* (): AsyncGenerator<Uint8Array> {
          let bytes = 0;
          try {
            for await (const chunk of content) {
              bytes += chunk.length;
              if (request.maxBytes !== undefined && bytes > request.maxBytes)
                throw limit(request, request.maxBytes);
              yield chunk;
            }
          } catch (error) {
            throw explain(error, request);
          } finally {
            ends.removeEventListener("abort", stop);
            response.destroy();
          }
          if (ends.aborted) throw explain(ends.reason, request);
        };
        return {
          status: response.statusCode ?? 0,
          headers: response.headers,
          chunks: chunks(),
          close: stop,
        };
      }),

    upgrade: (request) =>
      withDeadline(request, async (signal) => {
        const sent = await send(request, signal, "upgrade");
        if (sent.stream !== undefined) return sent.stream;
        const text = (await readBounded(sent, 65_536, signal)) ?? "";
        throw trouble(engineMessage(parsed(text)) ?? `status ${sent.response.statusCode}`);
      }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
