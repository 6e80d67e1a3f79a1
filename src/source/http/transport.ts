import type { GitHttpRequest, GitHttpResponse, HttpClient } from "isomorphic-git";
import { SourceError } from "../source.ts";
import { seconds } from "./trouble.ts";

export interface TransportOptions {
  /** Without credentials. */
  readonly url: string;
  readonly user?: string;
  readonly token?: string;
  /** How long the server may be silent. A whole answer may take ten times as long. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** HTTP to one git server: its login goes nowhere else, every wait and every answer has a limit. */
export interface Transport {
  readonly url: string;
  /** For every request, so that no answer 401 is waited for first. */
  readonly headers: Readonly<Record<string, string>>;
  /** One operation's requests. */
  begin(): Exchange;
  /** Ends what is under way. */
  close(): void;
}

export interface Exchange extends HttpClient {
  /** What ended an answer before its time: the library sometimes takes it for the end of the data. */
  failure(): SourceError | undefined;
}

const patience = 10;
const maxRedirects = 3;

export function openTransport(options: TransportOptions): Transport {
  const closing = new AbortController();
  return {
    url: options.url,
    headers: authorization(options),
    begin: () => beginExchange(options, closing.signal),
    close: () => closing.abort(),
  };
}

function beginExchange(options: TransportOptions, closing: AbortSignal): Exchange {
  let failure: SourceError | undefined;
  const failed = (error: unknown): SourceError => (failure = asSourceError(error, options));
  return {
    failure: () => failure,
    request: async (request) => {
      const watchdog = new Watchdog(options.timeoutMs, closing);
      try {
        const response = await send(request, options.url, watchdog.signal);
        watchdog.heard();
        return toGit(response, request, watchdog, options, failed);
      } catch (error) {
        watchdog.stop();
        throw failed(error);
      }
    },
  };
}

/** Follows redirects itself: never to another host, and without turning a POST into a GET. */
async function send(request: GitHttpRequest, home: string, signal: AbortSignal): Promise<Response> {
  const body = await collect(request.body);
  let url = new URL(request.url);
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await fetchAgain(url, {
      method: request.method ?? "GET",
      headers: request.headers ?? {},
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, url);
    if (!isSameHost(next, url)) {
      throw new SourceError(
        "denied",
        `${home} redirects to ${next.origin}, where its login is not sent: give that address as the repository`,
      );
    }
    url = next;
  }
  throw new SourceError("unreachable", `${home} redirects in a circle`);
}

/** A kept connection may just have been closed by the server; what changes nothing there is then asked once more. */
async function fetchAgain(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { code } = (error as { readonly cause?: { readonly code?: string } }).cause ?? {};
    const isClosed = code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
    if (!isClosed || url.pathname.endsWith("/git-receive-pack")) throw error;
    return await fetch(url, init);
  }
}

const isSameHost = (next: URL, url: URL): boolean =>
  next.origin === url.origin ||
  (next.hostname === url.hostname &&
    url.protocol === "http:" &&
    next.protocol === "https:" &&
    url.port === "");

function toGit(
  response: Response,
  request: GitHttpRequest,
  watchdog: Watchdog,
  options: TransportOptions,
  failed: (error: unknown) => SourceError,
): GitHttpResponse {
  async function* body(): AsyncGenerator<Uint8Array, void> {
    let bytes = 0;
    try {
      for await (const chunk of response.body ?? []) {
        watchdog.heard();
        bytes += chunk.length;
        if (bytes > options.maxBytes) {
          throw new SourceError(
            "too-large",
            `${options.url} sends more than ${options.maxBytes} bytes at once`,
          );
        }
        yield chunk;
      }
    } catch (error) {
      throw failed(error);
    } finally {
      watchdog.stop();
    }
  }
  return {
    url: request.url,
    ...(request.method === undefined ? {} : { method: request.method }),
    statusCode: response.status,
    statusMessage: response.statusText,
    headers: Object.fromEntries(response.headers),
    body: body(),
  };
}

/** Aborts after a silence, and after a whole that takes too long. */
class Watchdog {
  readonly signal: AbortSignal;
  readonly #silence: NodeJS.Timeout;
  readonly #whole: NodeJS.Timeout;

  constructor(timeoutMs: number, closing: AbortSignal) {
    const late = new AbortController();
    const bark = (): void => late.abort(new DOMException("no answer in time", "TimeoutError"));
    this.#silence = setTimeout(bark, timeoutMs);
    this.#whole = setTimeout(bark, timeoutMs * patience);
    this.signal = AbortSignal.any([late.signal, closing]);
  }

  heard(): void {
    this.#silence.refresh();
  }

  stop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#whole);
  }
}

function asSourceError(error: unknown, options: TransportOptions): SourceError {
  if (error instanceof SourceError) return error;
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError") {
    return new SourceError(
      "unreachable",
      `${options.url} gave no answer within ${seconds(options.timeoutMs)}`,
    );
  }
  if (name === "AbortError")
    return new SourceError("unreachable", `asking ${options.url} was stopped`);
  return new SourceError(
    "unreachable",
    `${options.url} cannot be reached: ${networkReason(error)}`,
    { cause: error },
  );
}

function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return "the connection failed";
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return [code, cause.message].filter((part) => part !== "").join(": ");
}

function authorization(options: TransportOptions): Record<string, string> {
  if (options.token === undefined || options.token === "") return {};
  const login = Buffer.from(`${options.user ?? "x-access-token"}:${options.token}`).toString(
    "base64",
  );
  return { Authorization: `Basic ${login}` };
}

async function collect(body: GitHttpRequest["body"]): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (body === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
