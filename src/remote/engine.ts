import type { IncomingMessage } from "node:http";
import { Readable, type Duplex } from "node:stream";
import { isObject } from "../lib/json.ts";
import { printableLine } from "../lib/text.ts";
import { DeadlinePassed, orAbort, startDeadline } from "../lib/deadline.ts";
import { ChannelRefused } from "./channel.ts";
import { clientRoute, socketRoute, type Route } from "./engine-route.ts";
import { execute } from "./exec.ts";
import { readBounded, sendRequest, StaleConnection, type Sent } from "./http.ts";
import type { Login } from "./login.ts";
import { RemoteError, type EngineReply, type EngineRequest, type EngineStream } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

/** The engine's API on one machine. All reject with RemoteError (mostly of class engine) or their signal's reason. */
export interface Engine {
  call(request: EngineRequest): Promise<EngineReply>;
  stream(request: EngineRequest): Promise<EngineStream>;
  /** A request whose connection becomes a plain stream in both directions. */
  upgrade(request: EngineRequest): Promise<Duplex>;
  close(): void;
}

/** What was found out about the engine by its ping; valid as long as its answers fit. */
interface Link {
  readonly route: Route;
  /** `/v1.41` */
  readonly prefix: string;
}

/** What an engine answers that was upgraded after it had offered a version. */
const otherVersion = /client version .* is too (old|new)/i;

type Use = "call" | "stream" | "upgrade";

/** 1.41 is Docker 20.10; what we send is known up to 1.47. */
const oldestApi = 41;
const newestApi = 47;
const defaultMaxBytes = 16 * 1024 * 1024;
const pingTimeoutMs = 10_000;

export function createEngine(connection: Connection, slots: Slots, login: Login): Engine {
  const { machine, engineSocket } = connection.target;
  let link: Promise<Link> | undefined;

  const trouble = (text: string, cause?: unknown): RemoteError =>
    new RemoteError(machine, "engine", text, { cause });

  const theLink = (): Promise<Link> => {
    if (link !== undefined) return link;
    const opening = openLink();
    opening.catch(() => forget(opening));
    link = opening;
    return opening;
  };

  const forget = (old: Promise<Link>): void => {
    if (link === old) link = undefined;
    void old.then(
      ({ route }) => route.retire(),
      () => undefined,
    );
  };

  const ping = async (route: Route): Promise<Link> => {
    const deadline = startDeadline(pingTimeoutMs, connection.gone);
    try {
      const request: EngineRequest = { method: "GET", path: "/_ping", timeoutMs: pingTimeoutMs };
      const sent = await sendRequest({
        agent: route.calls,
        prefix: "",
        request,
        signal: deadline.signal,
      });
      await readBounded(sent, 65_536, deadline.signal);
      return { route, prefix: `/v1.${negotiate(sent.response)}` };
    } catch (error) {
      route.retire();
      throw error instanceof DeadlinePassed
        ? trouble(`the engine takes connections on ${engineSocket} but does not answer`, error)
        : error;
    } finally {
      deadline.end();
    }
  };

  const negotiate = (response: IncomingMessage): number => {
    const offered = String(response.headers["api-version"] ?? "");
    const [, major, minor] = /^(\d+)\.(\d+)$/.exec(offered) ?? [];
    if (response.statusCode !== 200 || major !== "1") {
      throw trouble(
        `${engineSocket} does not answer as a container engine: status ${response.statusCode}`,
      );
    }
    if (Number(minor) < oldestApi) {
      throw trouble(
        `the engine speaks API ${offered}; at least 1.${oldestApi} (Docker 20.10) is needed`,
      );
    }
    return Math.min(Number(minor), newestApi);
  };

  const openLink = async (): Promise<Link> => {
    try {
      return await ping(socketRoute(connection));
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
    }
    try {
      return await ping(clientRoute(connection, slots, login));
    } catch (error) {
      if (connection.gone.aborted || error instanceof RemoteError) throw error;
      throw trouble(`no engine on ${engineSocket}: ${await askClient()}`, error);
    }
  };

  /** Why the engine's client finds no engine, in its words. */
  const askClient = async (): Promise<string> => {
    const argv = ["docker", "-H", `unix://${engineSocket}`, "version"];
    const { code, stderr } = await execute(connection, slots, login, {
      argv,
      timeoutMs: 10_000,
      maxBytes: 65_536,
    });
    const said = stderr.toString().trim().split("\n").at(-1) ?? "";
    return printableLine(said).slice(0, 300) || `its client ends with ${code}`;
  };

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

  /** Sends once more where that is safe: on a kept connection that had died, or by another version of the API. */
  const send = async (request: EngineRequest, signal: AbortSignal, use: Use): Promise<Sent> => {
    for (let again = false; ; again = true) {
      const current = theLink();
      const { route, prefix } = await orAbort(current, signal);
      const agent = use === "call" && !again ? route.calls : route.streams;
      try {
        const sent = await sendRequest({
          agent,
          prefix,
          request,
          signal,
          upgrade: use === "upgrade",
        });
        if (again || sent.response.statusCode !== 400) return sent;
        const text = (await readBounded(sent, 65_536, signal)) ?? "";
        if (!otherVersion.test(text))
          return { ...sent, content: Readable.from([Buffer.from(text)]) };
        forget(current);
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof StaleConnection && !again) continue;
        forget(current);
        throw error;
      }
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
        const sent = await send(request, signal, "call");
        const maxBytes = request.maxBytes ?? defaultMaxBytes;
        const text = await readBounded(sent, maxBytes, signal);
        if (text === undefined) throw limit(request, maxBytes);
        return { status: sent.response.statusCode ?? 0, body: parsed(text) };
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

    close: () => {
      if (link !== undefined) forget(link);
    },
  };
}

/** The engine's own words in an answer of failure. */
export function engineMessage(body: unknown): string | undefined {
  if (isObject(body) && typeof body["message"] === "string") return printableLine(body["message"]);
  return typeof body === "string" && body !== "" ? printableLine(body) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
