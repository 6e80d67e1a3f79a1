import type { ServerHostKeyAlgorithm } from "ssh2";
import { keyFingerprint } from "../lib/ssh-key.ts";

/** A machine's public key: `ssh-ed25519 AAAA…` in text. */
export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** Undefined for a text that is no public key. A comment behind it is ignored. */
export function parseHostKey(text: string): HostKey | undefined {
  const [type = "", base64 = ""] = text.trim().split(/\s+/);
  const blob = Buffer.from(base64, "base64");
  const inside = typeOf(blob);
  return inside !== undefined && inside === type ? { type, blob } : undefined;
}

/** Of the raw key that a server shows. */
export const hostKeyOf = (blob: Buffer): HostKey => ({ type: typeOf(blob) ?? "unknown", blob });

export const formatHostKey = (key: HostKey): string => `${key.type} ${key.blob.toString("base64")}`;

/** As OpenSSH prints it: `SHA256:…`. */
export const fingerprint = (key: HostKey): string => keyFingerprint(key.blob);

export const sameHostKey = (a: HostKey, b: HostKey): boolean => a.blob.equals(b.blob);

const strongest: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * What to ask the server for. A pinned key is asked for by its type: a server with several keys would otherwise
 * show another one, which looks like a mismatch.
 */
export function hostKeyAlgorithms(pinned: HostKey | undefined): ServerHostKeyAlgorithm[] {
  if (pinned === undefined) return [...strongest];
  if (pinned.type === "ssh-rsa") return ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];
  return strongest.filter((algorithm) => algorithm === pinned.type);
}

function typeOf(blob: Buffer): string | undefined {
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  return length > 0 && length <= 64 && blob.length > 4 + length
    ? blob.toString("latin1", 4, 4 + length)
    : undefined;
}
