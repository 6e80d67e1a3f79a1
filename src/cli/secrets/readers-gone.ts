import { sameBytes } from "../../lib/bytes.ts";
import type { Identities } from "../../secrets/identities.ts";
import { fileLimit } from "../../secrets/limits.ts";
import { open } from "../../secrets/open.ts";
import { mayBeFor, stanzasOf } from "../../secrets/readers.ts";
import type { Recipient } from "../../secrets/recipients.ts";
import type { Past, PastList } from "./past.ts";
import type { SealedItem } from "./sealed.ts";

/**
 * Whether something has to be encrypted anew to be for exactly these: its header shows it, or it stood in the repo as it is
 * while another list counted. Age keys are not named in a header, so what was encrypted by hand for others, as many, is not seen.
 */
export async function isForOthers(
  item: SealedItem,
  recipients: readonly Recipient[],
  past: Past | undefined,
): Promise<boolean> {
  if (!mayBeFor(stanzasOf(item.ciphertext ?? "") ?? [], recipients)) return true;
  for (const list of (await past?.listsFor(item.file.path)) ?? []) {
    if (sameSet(list.recipients, recipients)) continue;
    const then = await ciphertextAt(item, list, past);
    if (then !== undefined && then.trim() === textOf(item)?.trim()) return true;
  }
  return false;
}

/** Those who are in no list any more, and were while the value was what it is now: it was encrypted to them then. */
export async function readersGone(
  item: SealedItem,
  plain: Uint8Array,
  recipients: readonly Recipient[],
  identities: Identities,
  past: Past | undefined,
): Promise<readonly Recipient[]> {
  const present = new Set(recipients.map(({ text }) => text));
  const gone = new Map<string, Recipient>();
  for (const list of (await past?.listsFor(item.file.path)) ?? []) {
    const missing = list.recipients.filter(({ text }) => !present.has(text) && !gone.has(text));
    if (missing.length === 0) continue;
    const then = await ciphertextAt(item, list, past);
    if (then === undefined || !mayBeFor(stanzasOf(then) ?? [], list.recipients)) continue;
    const opened = await open(then, identities, fileLimit);
    if ("bytes" in opened && sameBytes(opened.bytes, plain))
      for (const one of missing) gone.set(one.text, one);
  }
  return [...gone.values()];
}

async function ciphertextAt(
  { file, name }: SealedItem,
  { revision }: PastList,
  past: Past | undefined,
): Promise<string | undefined> {
  if (file.content.form === "file") return await past?.textAt(revision, file.path);
  const values = await past?.valuesAt(revision, file.path);
  return values?.get(name.slice(file.name.length + 1)) ?? undefined;
}

const textOf = ({ ciphertext }: SealedItem): string | undefined =>
  typeof ciphertext === "string"
    ? ciphertext
    : ciphertext && Buffer.from(ciphertext).toString("utf8");

const sameSet = (a: readonly Recipient[], b: readonly Recipient[]): boolean => {
  const texts = new Set(a.map(({ text }) => text));
  return texts.size === b.length && b.every(({ text }) => texts.has(text));
};
