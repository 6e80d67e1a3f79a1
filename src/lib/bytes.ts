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
