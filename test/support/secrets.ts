import type { SecretDigests } from "../../src/desired/secrets.ts";
import { digestOfBytes, keyedDigestOfBytes } from "../../src/lib/hash.ts";
import type { SealedText } from "../../src/model/sealed.ts";

/** What a secret holds where nothing is really encrypted: its id says it. */
export const pretended = (text: SealedText): string =>
  text.map((part) => (typeof part === "string" ? part : `value of ${part.id}`)).join("");

const bytesOf = (text: SealedText): Uint8Array => Buffer.from(pretended(text));

/** Digests of such values. */
export const pretendedDigests: SecretDigests = {
  fingerprint: (text, key) => keyedDigestOfBytes(key, bytesOf(text)),
  sha256: (text) => digestOfBytes(bytesOf(text)),
};
