import { createHash, createHmac, hash } from "node:crypto";
import { canonicalJson } from "./json.ts";

/** sha256, hex, of the canonical JSON of a value. */
export const digestOf = (value: unknown): string => hash("sha256", canonicalJson(value));

export const digestOfBytes = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/** sha256, hex, of lines, each with a line end; a long text is never made whole for it. */
export function digestOfLines(lines: readonly string[]): string {
  const sum = createHash("sha256");
  for (const line of lines) sum.update(line).update("\n");
  return sum.digest("hex");
}

/** Keyed digest, hex: what it covers cannot be guessed without the key. */
export const keyedDigestOf = (key: string, value: unknown): string =>
  createHmac("sha256", key).update(canonicalJson(value)).digest("hex");

export const keyedDigestOfBytes = (key: string, bytes: Uint8Array): string =>
  createHmac("sha256", key).update(bytes).digest("hex");

/** The short form used in names: 8 hex digits. */
export const shortHash = (digest: string): string => digest.slice(0, 8);
