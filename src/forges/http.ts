import { printableLine } from "../lib/text.ts";
import { ForgeError } from "./forge.ts";

/** A forge's API: its address, and a credential that is sent to that origin and to no other. */
export interface Api {
  /** `https://api.github.com`, or with a path: `https://git.example.com/api/v3`. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  /** For one request, its answer's body included. */
  readonly timeoutMs: number;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH";
  /** Segments below the base; encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined where the body is none. */
  readonly json: unknown;
}

/** By the `Link` header, as GitHub and GitLab write it. */
export const hasNextPage = ({ headers }: ApiReply): boolean =>
  /\brel="?next"?/.test(headers.get("link") ?? "");

const maxRedirects = 3;
const maxBytes = 8 * 1024 * 1024;

/**
 * One request, its redirects within the same origin followed with the same method. Resolves for every status. Rejects
 * with ForgeError `unavailable` (network, timeout, too long an answer) or `denied` (a redirect elsewhere), and with
 * the signal's reason when that was aborted.
 */
export async function callApi(
  api: Api,
  request: ApiRequest,
  signal?: AbortSignal,
): Promise<ApiReply> {
  const timeout = AbortSignal.timeout(api.timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const base = new URL(api.base);
  let url = addressOf(base, request);
  try {
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await api.fetch(url, {
        method: request.method,
        headers: {
          ...api.headers,
          ...request.headers,
          ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        },
        redirect: "manual",
        signal: either,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      const elsewhere = redirectOf(response, url);
      if (elsewhere === undefined) return await replyOf(response);
      await response.body?.cancel();
      if (elsewhere.origin !== base.origin) {
        throw new ForgeError(
          "denied",
          `${base.host} redirects to ${elsewhere.host}, where the token is not sent`,
        );
      }
      url = elsewhere;
    }
  } catch (error) {
    if (error instanceof ForgeError) throw error;
    signal?.throwIfAborted();
    if (timeout.aborted)
      throw new ForgeError("unavailable", `${base.host} did not answer in ${api.timeoutMs} ms`);
    throw new ForgeError("unavailable", `${base.host}: ${reasonOf(error)}`);
  }
  throw new ForgeError("unavailable", `${base.host} redirects in circles`);
}

function addressOf(base: URL, request: ApiRequest): URL {
  const path = request.path.map((segment) => encodeURIComponent(segment)).join("/");
  const url = new URL(`${base.href.replace(/\/+$/, "")}/${path}`);
  for (const [name, value] of Object.entries(request.query ?? {}))
    url.searchParams.set(name, value);
  return url;
}

function redirectOf(response: Response, from: URL): URL | undefined {
  const location = response.headers.get("location");
  if (![301, 302, 307, 308].includes(response.status) || location === null) return undefined;
  return URL.parse(location, from.href) ?? undefined;
}

async function replyOf(response: Response): Promise<ApiReply> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new ForgeError("unavailable", `the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    status: response.status,
    headers: response.headers,
    json: parsed(Buffer.concat(chunks).toString("utf8")),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What undici says about a network failure stands in the cause: `connect ECONNREFUSED 127.0.0.1:1`. */
function reasonOf(error: unknown): string {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return innermost instanceof Error ? printableLine(innermost.message).slice(0, 200) : "no answer";
}
