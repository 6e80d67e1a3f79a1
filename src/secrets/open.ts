import { counted, listed, printableLine } from "../lib/text.ts";
import { dearmored, isArmored } from "./armor.ts";
import { plainSize, readHeader, type Header } from "./header.ts";
import { NoRecipient, type Identities } from "./identities.ts";
import { headerLimit, valueLimit } from "./limits.ts";
import { damaged, failed, type OpenFailure } from "./open-failure.ts";

export type Opened = { readonly bytes: Uint8Array } | { readonly failure: OpenFailure };

/** Opens an age file, armored (as text or bytes) or binary; at most `limit` bytes of plaintext. */
export async function open(
  ciphertext: string | Uint8Array,
  identities: Identities,
  limit = valueLimit,
): Promise<Opened> {
  if (ciphertext.length > (limit + headerLimit) * 1.5) return tooLarge(limit);
  const raw = rawOf(ciphertext);
  if (raw === undefined) return damaged("it is not in the format of age");
  const header = readHeader(raw);
  if (header === "damaged") return damaged("its header cannot be read");
  if (header === "too-large") return failed("too-large", "it has too many recipients");
  if (plainSize(raw, header) > limit) return tooLarge(limit);
  if (header.stanzas.length > 1 && header.stanzas.some(({ type }) => type === "scrypt"))
    return damaged("a passphrase stands beside other recipients");
  if (!header.stanzas.some((stanza) => identities.mayOpen(stanza))) return notForUs(header);
  try {
    return { bytes: await identities.decrypt(raw) };
  } catch (error) {
    if (error instanceof NoRecipient) return notForUs(header);
    return damaged("it was changed or cut off after it was encrypted");
  }
}

function rawOf(ciphertext: string | Uint8Array): Uint8Array | undefined {
  if (typeof ciphertext === "string")
    return isArmored(ciphertext) ? dearmored(ciphertext) : undefined;
  const text = (): string => Buffer.from(ciphertext).toString("latin1");
  return ciphertext[0] === "a".charCodeAt(0) ? ciphertext : dearmored(text());
}

const names: Readonly<Record<string, string>> = {
  X25519: "age key",
  mlkem768x25519: "post-quantum age key",
  "ssh-ed25519": "SSH key",
  scrypt: "passphrase",
};

/** Says for what it is encrypted instead, and whether that is certain. */
function notForUs({ stanzas }: Header): { readonly failure: OpenFailure } {
  const types = Map.groupBy(stanzas, ({ type }) => names[type] ?? "key of another kind");
  const found = listed([...types].map(([name, of]) => printableLine(counted(of.length, name))));
  const what = found === "" ? "nobody" : found;
  return failed("not-a-recipient", `it is encrypted to ${what}, and to none of our identities`);
}

const tooLarge = (limit: number): { readonly failure: OpenFailure } =>
  failed("too-large", `it holds more than ${limit / 1024 / 1024} MiB`);
