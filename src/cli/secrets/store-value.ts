import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeUtf8 } from "../../lib/bytes.ts";
import { counted } from "../../lib/text.ts";
import { jsonText } from "../../report/json.ts";
import { seal } from "../../secrets/seal.ts";
import { isSops } from "../../secrets/sops.ts";
import { withSealed } from "../../secrets/value-edit.ts";
import { entryIn, readValueFile, type ValueEntry } from "../../secrets/value-file.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import type { SecretChange } from "./changes.ts";
import { checkKey, isSecretPath, parseSecretName, type SecretName } from "./names.ts";
import type { SecretsPlace } from "./place.ts";
import { recipientsFor } from "./recipients-for.ts";
import { checkPath, writeFiles } from "./write.ts";

/** A place for one value: in a file that is there or not. */
export interface Target {
  /** As it is referred to: `shop.DB_PASSWORD`, `tls/shop.key.age`. */
  readonly shown: string;
  /** From the infra repo's folder. */
  readonly path: string;
  readonly key?: string;
  readonly before?: string | Uint8Array;
  readonly isThere: boolean;
}

/** Where a value of that name is to be written. Throws UserError for a name that is none, and for a file that is not ours to change. */
export async function targetOf(place: SecretsPlace, text: string): Promise<Target> {
  const candidates = text.split(".").map((_, index, parts) => parts.slice(0, index + 1).join("."));
  const present = new Set<string>();
  for (const name of candidates.filter(isSecretPath)) {
    const path = `${place.prefix}secrets/${name}.yaml`;
    if ((await contentOf(place, path)) !== undefined) present.add(name);
  }
  const name = parseSecretName(text, (one) => present.has(one));
  return name.form === "file" ? await wholeFile(place, name) : await inFile(place, name);
}

async function wholeFile(
  place: SecretsPlace,
  { path: name }: SecretName & { readonly form: "file" },
): Promise<Target> {
  const path = `${place.prefix}secrets/${name}`;
  const before = await contentOf(place, path);
  return {
    shown: name,
    path,
    ...(before === undefined ? {} : { before }),
    isThere: before !== undefined,
  };
}

async function inFile(
  place: SecretsPlace,
  { name, key }: SecretName & { readonly form: "value" },
): Promise<Target> {
  checkKey(key);
  const path = `${place.prefix}secrets/${name}.yaml`;
  const found = await valuesAt(place, path);
  const shown = `${name}.${key}`;
  if (found === undefined) return { shown, path, key, isThere: false };
  const { text: before, entries } = found;
  return { shown, path, key, before, isThere: entryIn(entries, key) !== undefined };
}

/** A file of values that is ours to change; undefined where there is none. Throws UserError for any other file. */
export async function valuesAt(
  place: SecretsPlace,
  path: string,
): Promise<{ readonly text: string; readonly entries: readonly ValueEntry[] } | undefined> {
  const bytes = await contentOf(place, path);
  if (bytes === undefined) return undefined;
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new UserError("refused", `${path} is no text (UTF-8)`);
  if (isSops(text)) throw ofSops(path);
  const read = readValueFile(text);
  if ("problem" in read) throw unreadable(path, read.problem);
  return { text, entries: read.entries };
}

const ofSops = (path: string): UserError =>
  new UserError(
    "refused",
    `${path} was made by SOPS`,
    `Change it with its own command: sops ${path}`,
  );

export const unreadable = (
  path: string,
  { line, col, text }: { readonly line: number; readonly col: number; readonly text: string },
): UserError => new UserError("rejected", `${path}:${line}:${col}: ${text}`);

/** Encrypts a value to all who may read it there, and writes it. Throws UserError. */
export async function storeValue(
  context: Context,
  place: SecretsPlace,
  target: Target,
  bytes: Uint8Array,
): Promise<{ readonly change: SecretChange; readonly recipients: number }> {
  const { shown, path, key, before } = target;
  const { recipients } = await recipientsFor(context, place.folder, path);
  const armor = await seal(bytes, recipients);
  const after =
    key === undefined ? armor : withSealed(String(before ?? ""), new Map([[key, armor]]));
  if (after === undefined)
    throw new UserError(
      "refused",
      `${path} is written in a way that ${key ?? "it"} cannot be put into`,
      "Write it as lines of KEY: value, or put the output of `age -a -R .age-recipients` there yourself.",
    );
  await writeFiles(context.io, place.folder, [{ path, before, after }]);
  const change = {
    name: shown,
    file: path,
    change: target.isThere ? "replaced" : "added",
  } as const;
  return { change, recipients: recipients.length };
}

/** Says what was stored, and nothing of the value. */
export function sayStored(
  { io, options }: Context,
  { change, recipients }: { readonly change: SecretChange; readonly recipients: number },
  more = "",
): void {
  if (options.json) return io.out.write(jsonText({ version: 1, changes: [change] }));
  const { name, file } = change;
  const who = counted(recipients, "recipient");
  io.out.write(`${change.change} ${name} in ${file}, encrypted to ${who}${more}\n`);
}

async function contentOf(place: SecretsPlace, path: string): Promise<Buffer | undefined> {
  await checkPath(place.folder, path);
  try {
    return await readFile(join(place.folder, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UserError("refused", `${path} cannot be read (${code})`);
  }
}
