import { headerLimit, recipientLimit } from "./limits.ts";

/** One recipient's part of an age file's header: who it is for, as far as the file tells. */
export interface Stanza {
  /** `X25519`, `ssh-ed25519`, `scrypt` … */
  readonly type: string;
  readonly args: readonly string[];
}

export interface Header {
  readonly stanzas: readonly Stanza[];
  /** Bytes up to the payload. */
  readonly size: number;
}

/**
 * Looks over the header of an age file, so that the work of opening it is bounded before it begins, and to tell a file
 * for somebody else from one that is damaged. What it says is believed only after the library has checked it.
 */
export function readHeader(raw: Uint8Array): Header | "damaged" | "too-large" {
  const text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, headerLimit)).toString(
    "latin1",
  );
  if (!text.startsWith("age-encryption.org/v1\n")) return "damaged";
  const end = text.indexOf("\n---");
  const close = text.indexOf("\n", end + 1);
  if (end < 0 || close < 0) return raw.length > headerLimit ? "too-large" : "damaged";
  const stanzas = text
    .slice(0, end)
    .split("\n")
    .filter((line) => line.startsWith("-> "))
    .map((line) => line.slice(3).split(" "))
    .map(([type = "", ...args]) => ({ type, args }));
  return stanzas.length > recipientLimit ? "too-large" : { stanzas, size: close + 1 };
}

/** Bytes that the file holds when it is open, if it is whole. */
export function plainSize(raw: Uint8Array, { size }: Header): number {
  const payload = raw.length - size - 16;
  return Math.max(0, payload - 16 * Math.ceil(payload / (64 * 1024 + 16)));
}
