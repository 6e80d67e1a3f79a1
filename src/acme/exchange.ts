import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request } from "node:https";
import { getCACertificates } from "node:tls";
import { networkWords } from "../lib/network-words.ts";
import { printableLine } from "../lib/text.ts";
import { AcmeError } from "./error.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  readonly accept?: string;
  /** A signed request. */
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request; resolves for every status. Rejects with AcmeError `unreachable`, or with the signal's reason. */
export type Exchange = (wanted: HttpRequest, signal: AbortSignal) => Promise<HttpReply>;

const maxBytes = 1024 * 1024;
const timeoutMs = 30_000;

/**
 * By HTTPS and nothing else, as RFC 8555 wants it; redirects are not followed. `ca`: roots in PEM that are trusted besides
 * those of Node.js (which takes more from NODE_EXTRA_CA_CERTS), for an authority of one's own.
 */
export function httpsExchange(ca?: string): Exchange {
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] };
  return (wanted, signal) =>
    new Promise((resolve, reject) => {
      const url = URL.parse(wanted.url);
      if (url?.protocol !== "https:") {
        reject(new AcmeError("refused", `${shown(wanted.url)} is no https:// address`));
        return;
      }
      const fail = (error: Error): void =>
        reject(signal.aborted ? (signal.reason as Error) : troubleWith(url.host, error));
      const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const options = { ...trusted, method: wanted.method, headers: headersOf(wanted) };
      const sent = request(url, { ...options, signal: either }, (reply) => {
        reply.once("error", fail);
        readBounded(reply).then(resolve, fail);
      });
      sent.once("error", fail);
      sent.end(wanted.body);
    });
}

const headersOf = ({ accept, body }: HttpRequest): Record<string, string | number> => ({
  "user-agent": "slipway",
  ...(accept === undefined ? {} : { accept }),
  ...(body === undefined
    ? {}
    : { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
});

async function readBounded(reply: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const { statusCode = 0, headers } = reply;
  return { status: statusCode, headers, body: Buffer.concat(chunks).toString("utf8") };
}

function troubleWith(host: string, error: Error): AcmeError {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (untrusted.test(code))
    return new AcmeError(
      "unreachable",
      `${host} shows a certificate that is not trusted here (${shown(error.message)}); SLIPWAY_ACME_CA may name a file ` +
        `with the root of an authority of your own`,
    );
  const words = error.name === "AbortError" ? `no answer in ${timeoutMs / 1000} s` : wordsFor[code];
  return new AcmeError("unreachable", `${host}: ${words ?? (shown(error.message) || code)}`);
}

const untrusted = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_|ERR_TLS_CERT/;

const wordsFor: Readonly<Record<string, string>> = {
  ...networkWords,
  EAI_AGAIN: "its name could not be looked up",
};

const shown = (text: string): string => printableLine(text).slice(0, 200);
