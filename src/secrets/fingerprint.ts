import { createHash } from "node:crypto";

/** Tells one ciphertext from another; 12 hex digits. Never of what it holds: a guess could be tried on that. */
export const fingerprintOf = (ciphertext: string | Uint8Array): string =>
  createHash("sha256").update(ciphertext).digest("hex").slice(0, 12);
