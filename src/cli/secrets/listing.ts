import { counted, cutAtWord, listed } from "../../lib/text.ts";
import { mayBeFor, stanzasOf } from "../../secrets/readers.ts";
import type { Recipient } from "../../secrets/recipients.ts";
import { sopsOutline } from "../../secrets/sops.ts";
import { listFor } from "./recipients-for.ts";
import { itemsIn, type SealedItem } from "./sealed.ts";
import type { SecretFile } from "./tree.ts";
import { usageKey, type Usage, type Use } from "./usage.ts";

/** One encrypted thing, as `secrets list --json` tells it. */
export interface ListedSecret {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly environment: string | null;
  readonly form: "value" | "file" | "sops";
  /** For how many of each type of key; empty where it is not encrypted, or damaged. */
  readonly encryptedTo: Readonly<Record<string, number>>;
  /** Those of the list that counts there, if they may be the ones that it is encrypted to; else null. */
  readonly recipients: readonly string[] | null;
  /** Null where that is not known: what uses it has mistakes. */
  readonly usedBy: readonly { readonly by: string; readonly environment: string | null }[] | null;
}

/** What a person calls somebody: the comment, else the key in short. */
export const recipientName = ({ comment, text }: Pick<Recipient, "comment" | "text">): string =>
  comment === undefined ? shortKey(text) : cutAtWord(comment, 40);

const shortKey = (text: string): string =>
  text.length > 24 ? `${text.slice(0, 12)}…${text.slice(-6)}` : text;

export async function listSecrets(
  folder: string,
  files: readonly SecretFile[],
  usage: Usage,
): Promise<readonly ListedSecret[]> {
  const all: ListedSecret[] = [];
  for (const file of files) {
    const list = (await listFor(folder, file.path))?.recipients ?? [];
    if (file.content.form === "sops") all.push(...ofSops(file, file.content.text, usage));
    else all.push(...entriesOf(file, list, usage));
  }
  return all;
}

function entriesOf(
  file: SecretFile,
  list: readonly Recipient[],
  usage: Usage,
): readonly ListedSecret[] {
  const found = itemsIn(file);
  if ("problem" in found) return [];
  return found.items.map((item) => {
    const stanzas = stanzasOf(item.ciphertext ?? "") ?? [];
    const isForList = stanzas.length > 0 && mayBeFor(stanzas, list);
    const counts = [...Map.groupBy(stanzas, ({ type }) => type)].map(([type, of]) => [
      type,
      of.length,
    ]);
    return {
      ...placeOf(item, usage),
      form: file.content.form === "file" ? "file" : "value",
      encryptedTo: Object.fromEntries(counts) as Record<string, number>,
      recipients: isForList ? list.map(recipientName) : null,
    };
  });
}

function ofSops(file: SecretFile, text: string, usage: Usage): readonly ListedSecret[] {
  const outline = sopsOutline(text);
  const recipients = outline?.recipients ?? [];
  return [...(outline?.sealed.keys() ?? [])].map((key) => ({
    ...placeOf({ file, name: `${file.name}.${key}`, line: 1 }, usage),
    form: "sops",
    encryptedTo: recipients.length === 0 ? {} : { age: recipients.length },
    recipients: recipients.map((one) => recipientName({ text: one })),
  }));
}

function placeOf(
  { file, name, line }: Pick<SealedItem, "file" | "name" | "line">,
  { uses, unknown }: Usage,
): Pick<ListedSecret, "name" | "file" | "line" | "environment" | "usedBy"> {
  const { path, environment = null } = file;
  const found = uses.get(usageKey(path, name)) ?? [];
  const known = found.map((use: Use) => ({ by: use.by, environment: use.environment ?? null }));
  const mayBeMore = environment === null ? unknown.length > 0 : unknown.includes(environment);
  return {
    name,
    file: path,
    line,
    environment,
    usedBy: known.length === 0 && mayBeMore ? null : known,
  };
}

/** For whom it is, in a word for a table. */
export function readersText({ recipients, encryptedTo, form }: ListedSecret): string {
  if (form === "sops") return `SOPS: ${listed(recipients ?? [], 4)}`;
  if (recipients !== null) return listed(recipients, 4);
  const counts = Object.entries(encryptedTo);
  if (counts.length === 0) return "NOT ENCRYPTED, or damaged";
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  return `${counted(total, "key")}, not those of .age-recipients`;
}

export function usedText({ usedBy }: ListedSecret): string {
  if (usedBy === null) return "?";
  if (usedBy.length === 0) return "unused";
  const byName = Map.groupBy(usedBy, ({ by }) => by);
  return listed(
    [...byName].map(([by, uses]) => {
      const where = uses.flatMap(({ environment }) => environment ?? []);
      // What the root has, environments have mostly, too.
      return where.length < uses.length ? by : `${by} (${where.join(", ")})`;
    }),
  );
}
