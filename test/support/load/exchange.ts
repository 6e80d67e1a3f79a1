import { request as plain, type Agent, type IncomingMessage, type RequestOptions } from "node:http";
import { request as secure } from "node:https";
import { isIP } from "node:net";
import type { Failure } from "./tally.ts";
import type { Target } from "./types.ts";

/** A target as Node's client takes it. Nothing here asks twice: what fails once is counted. */
export interface Aim {
  readonly url: string;
  readonly isSecure: boolean;
  /** Before each path. */
  readonly base: string;
  readonly host: string;
  readonly options: Omit<RequestOptions, "headers"> & {
    readonly servername?: string;
    readonly ca?: string;
  };
}

export function aimAt({ url, address }: Target, ca: string | undefined): Aim {
  const { protocol, hostname, host, port, pathname } = new URL(url);
  const isSecure = protocol === "https:";
  const name = hostname.replace(/^\[|\]$/g, "");
  const tls = {
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
  };
  return {
    url,
    isSecure,
    base: pathname.replace(/\/$/, ""),
    host,
    options: {
      host: address ?? name,
      port: port === "" ? (isSecure ? 443 : 80) : Number(port),
      ...(isSecure ? tls : {}),
    },
  };
}

export interface Asked {
  readonly path: string;
  /** Of a POST; without it a GET. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: a connection of its own. */
  readonly agent?: Agent;
  /** Without a byte. */
  readonly timeoutMs: number;
  /** The connection's end is ours, and no failure. */
  readonly signal: AbortSignal;
}

export interface Answered {
  readonly version: string;
  readonly body: string;
}

/** Asks once; a failure names what a client of the app would have seen of it. */
export function exchange(aim: Aim, asked: Asked): Promise<Answered | Failure> {
  return new Promise((resolve) => {
    const call = open(aim, asked);
    let isLate = false;
    call.once("timeout", () => (isLate = true));
    call.on("error", (error) => resolve(failureOf(error, call.reusedSocket)));
    call.once("response", (reply) => {
      let body = "";
      const cut = (why: string): void =>
        resolve({
          kind: isLate ? "timeout" : "short",
          detail: `${why} after ${body.length} bytes`,
        });
      reply.setEncoding("latin1");
      reply.on("data", (text: string) => {
        body += text;
        if (body.length > bodyLimit) call.destroy();
      });
      reply.on("error", (error) => cut(error.message));
      reply.once("close", () => cut("closed"));
      reply.once("end", () => {
        const { statusCode } = reply;
        if (statusCode === 200) resolve({ version: versionOf(reply), body });
        else resolve({ kind: `status ${statusCode}`, detail: body.slice(0, 200) });
      });
    });
    call.end(asked.body);
  });
}

const bodyLimit = 2 ** 20;

export function open(
  aim: Aim,
  { path, body, headers, agent, timeoutMs, signal }: Asked,
): ReturnType<typeof plain> {
  const options = {
    ...aim.options,
    path: aim.base + path,
    method: body === undefined ? "GET" : "POST",
    headers: {
      host: aim.host,
      ...headers,
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
    },
    agent: agent ?? (false as const),
    timeout: timeoutMs,
    signal,
  };
  const call = aim.isSecure ? secure(options) : plain(options);
  call.once("timeout", () => call.destroy(new Error(timeoutText)));
  return call;
}

export const versionOf = (reply: IncomingMessage): string =>
  String(reply.headers["x-version"] ?? "none");

const timeoutText = "no byte in time";

const kinds: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  EPIPE: "reset",
};

export function failureOf(error: Error & { readonly code?: string }, isReused: boolean): Failure {
  const detail = isReused
    ? `${error.message}, on a connection that was used before`
    : error.message;
  if (error.message === timeoutText) return { kind: "timeout", detail };
  return { kind: kinds[error.code ?? ""] ?? error.code ?? error.message.slice(0, 60), detail };
}
