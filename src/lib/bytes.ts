import { timingSafeEqual } from "node:crypto";

/** In a time that tells nothing of where they differ; their lengths are no secret. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);

/** Undefined for what is not exactly how these bytes are written in base64, with `=` at the end. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** The same without `=` at the end. */
export const decodeBareBase64 = (text: string): Uint8Array | undefined =>
  text.includes("=") ? undefined : decodeBase64(text + "=".repeat(-text.length & 3));

/** Text that is UTF-8, or undefined. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export const bytesOfText = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One after another. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
