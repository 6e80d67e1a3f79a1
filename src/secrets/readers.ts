import { dearmored, isArmored } from "./armor.ts";
import { readHeader, type Stanza } from "./header.ts";
import type { Recipient } from "./recipients.ts";
import { parseSshPublicKey, sshTag } from "./ssh-ed25519.ts";

/** Those that an age file is encrypted to, as far as it says so; undefined for what is none. */
export function stanzasOf(ciphertext: string | Uint8Array): readonly Stanza[] | undefined {
  const text =
    typeof ciphertext === "string" ? ciphertext : Buffer.from(ciphertext).toString("latin1");
  const raw = isArmored(text) ? dearmored(text) : Buffer.from(text, "latin1");
  const header = raw === undefined ? "damaged" : readHeader(raw);
  if (typeof header === "string") return undefined;
  // What age adds so that files cannot be told by their first stanza.
  return header.stanzas.filter(({ type }) => !type.endsWith("-grease"));
}

/**
 * Whether these may be exactly the recipients: of SSH keys it is seen, of age keys only how many there are. False is
 * certain.
 */
export const mayBeFor = (stanzas: readonly Stanza[], recipients: readonly Recipient[]): boolean =>
  stanzas.length === recipients.length && othersIn(stanzas, recipients) === 0;

/** For how many others something is at least encrypted, besides these. */
export function othersIn(stanzas: readonly Stanza[], recipients: readonly Recipient[]): number {
  const left = recipients.map(markOf);
  let others = 0;
  for (const { type, args } of stanzas) {
    const at = left.indexOf(type === "ssh-ed25519" ? `${type} ${args[0]}` : type);
    if (at < 0) others++;
    else left.splice(at, 1);
  }
  return others;
}

function markOf({ type, text }: Recipient): string {
  if (type === "x25519") return "X25519";
  if (type === "hybrid") return "mlkem768x25519";
  const key = parseSshPublicKey(text.split(" ")[1] ?? "");
  return key === undefined ? text : `ssh-ed25519 ${sshTag(key)}`;
}
