import { ipVersion } from "./ip.ts";

/** First and last port, both included. */
export type PortRange = readonly [from: number, to: number];

/** One `publish` entry: `[private|public|local|IP:]HOST[-HOST]:CONTAINER[-CONTAINER][/udp]`. */
export interface Publish {
  readonly scope: "private" | "public" | "local" | { readonly ip: string };
  readonly host: PortRange;
  /** As long as `host`. */
  readonly container: PortRange;
  readonly protocol: "tcp" | "udp";
}

/** Thrown by `parsePublish`, with a message for people. */
export class PublishError extends Error {
  override readonly name = "PublishError";
}

const form =
  /^(?:(private|public|local|\d+\.\d+\.\d+\.\d+|\[[^\]]*\]):)?([\d-]+):([\d-]+)(?:\/(tcp|udp))?$/;

/** Throws PublishError. */
export function parsePublish(text: string): Publish {
  const match = form.exec(text);
  if (match === null) {
    throw new PublishError(
      `'${text}' is not [private|public|local|IP:]HOST[-HOST]:CONTAINER[-CONTAINER][/udp]`,
    );
  }
  const host = parseRange(match[2] ?? "", text);
  const container = parseRange(match[3] ?? "", text);
  if (host[1] - host[0] !== container[1] - container[0]) {
    throw new PublishError(`'${text}' has ranges of different lengths`);
  }
  return {
    scope: parseScope(match[1], text),
    host,
    container,
    protocol: match[4] === "udp" ? "udp" : "tcp",
  };
}

/** The same without throwing, for what may not have been checked. */
export function readPublish(text: string): Publish | PublishError {
  try {
    return parsePublish(text);
  } catch (error) {
    if (error instanceof PublishError) return error;
    throw error;
  }
}

function parseScope(text: string | undefined, whole: string): Publish["scope"] {
  if (text === undefined || text === "private") return "private";
  if (text === "public" || text === "local") return text;
  const ip = text.replace(/^\[|\]$/g, "");
  if (ipVersion(ip) === undefined)
    throw new PublishError(`'${whole}': '${ip}' is not an IP address`);
  return { ip };
}

function parseRange(text: string, whole: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from < 1 || to > 65_535) {
    throw new PublishError(`'${whole}': '${text}' is not a port (1-65535) or a range of ports`);
  }
  if (from > to) throw new PublishError(`'${whole}': the range '${text}' runs backwards`);
  return [from, to];
}
