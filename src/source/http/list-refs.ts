import { listServerRefs } from "isomorphic-git";
import { delimPkt, flushPkt, parsePktLines, pktLine } from "./pkt-line.ts";
import { SourceError } from "../source.ts";
import type { Transport } from "./transport.ts";
import { troubleByStatus, troubleWithServer } from "./trouble.ts";

/** Ref → commit id (of an annotated tag: the id of what it stands for). */
export type Refs = ReadonlyMap<string, string>;

/** Asks the server for those of these refs that it has; a name that ends with a slash stands for all below. */
export type ListRefs = (names: readonly string[]) => Promise<Refs>;

/**
 * One small request where the server speaks protocol version 2, sent without asking first whether it does; otherwise
 * from then on the advertisement of all its refs, which is one request as well.
 */
export function refLister(transport: Transport): ListRefs {
  let speaksVersion2 = true;
  return async (names) => {
    if (speaksVersion2) {
      const refs = await listByPost(transport, names);
      if (refs !== undefined) return refs;
      const all = await listByGet(transport, names);
      speaksVersion2 = false;
      return all;
    }
    return await listByGet(transport, names);
  };
}

async function listByPost(
  transport: Transport,
  names: readonly string[],
): Promise<Refs | undefined> {
  const request = [
    pktLine("command=ls-refs\n"),
    pktLine("object-format=sha1\n"),
    delimPkt,
    pktLine("peel\n"),
    ...names.map((name) => pktLine(`ref-prefix ${name}\n`)),
    flushPkt,
  ].join("");
  const response = await transport.begin().request({
    url: `${transport.url}/git-upload-pack`,
    method: "POST",
    headers: {
      ...transport.headers,
      "Git-Protocol": "version=2",
      "Content-Type": "application/x-git-upload-pack-request",
      Accept: "application/x-git-upload-pack-result",
    },
    body: chunks(Buffer.from(request)),
  });
  const parts: Uint8Array[] = [];
  for await (const part of response.body ?? []) parts.push(part);
  if (response.statusCode !== 200) {
    if (response.statusCode === 400 || response.statusCode === 415) return undefined;
    throw troubleByStatus(transport.url, response.statusCode);
  }
  if (response.headers?.["content-type"] !== "application/x-git-upload-pack-result")
    return undefined;
  const lines = parsePktLines(Buffer.concat(parts));
  return lines === undefined ? undefined : readLines(lines, names);
}

const isAsked = (ref: string, names: readonly string[]): boolean =>
  names.some((name) => (name.endsWith("/") ? ref.startsWith(name) : ref === name));

function readLines(lines: readonly string[], names: readonly string[]): Refs | undefined {
  const refs = new Map<string, string>();
  for (const line of lines) {
    const [oid, name, ...attributes] = line.split(" ");
    if (oid === undefined || name === undefined || !/^[0-9a-f]{40}$/.test(oid)) return undefined;
    const peeled = attributes
      .find((attribute) => attribute.startsWith("peeled:"))
      ?.slice("peeled:".length);
    if (isAsked(name, names)) refs.set(name, peeled ?? oid);
  }
  return refs;
}

async function listByGet(transport: Transport, names: readonly string[]): Promise<Refs> {
  const exchange = transport.begin();
  const listed = await listServerRefs({
    http: exchange,
    url: transport.url,
    headers: { ...transport.headers },
    protocolVersion: 1,
    peelTags: true,
  }).catch((error: unknown) => {
    throw troubleWithServer(transport.url, error) ?? error;
  });
  const cutShort = exchange.failure();
  if (cutShort !== undefined) throw cutShort;
  if (listed.some(({ oid }) => oid.length !== 40)) {
    throw new SourceError(
      "unsupported",
      `${transport.url} is a SHA-256 repository; only SHA-1 ones can be read`,
    );
  }
  return new Map(
    listed
      .filter(({ ref }) => isAsked(ref, names))
      .map(({ ref, oid, peeled }) => [ref, peeled ?? oid] as const),
  );
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
