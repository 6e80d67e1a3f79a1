import { counted, listed, printableLine } from "../../lib/text.ts";
import { jsonText } from "../../report/json.ts";
import { isArmored } from "../../secrets/armor.ts";
import type { Identities } from "../../secrets/identities.ts";
import { fileLimit } from "../../secrets/limits.ts";
import { open } from "../../secrets/open.ts";
import { othersIn, stanzasOf } from "../../secrets/readers.ts";
import { seal } from "../../secrets/seal.ts";
import { sopsOutline } from "../../secrets/sops.ts";
import { withSealed } from "../../secrets/value-edit.ts";
import { ageIdentities } from "../age-identities.ts";
import type { Context } from "../command.ts";
import { exit } from "../exit.ts";
import { UserError } from "../trouble.ts";
import type { SecretChange } from "./changes.ts";
import { recipientName } from "./listing.ts";
import { openPast, type Past } from "./past.ts";
import { fleetsOf, openPlace } from "./place.ts";
import { isForOthers, readersGone } from "./readers-gone.ts";
import { recipientsFor, type RecipientsList } from "./recipients-for.ts";
import { itemsIn, type SealedItem } from "./sealed.ts";
import { readSecrets, type SecretFile } from "./tree.ts";
import { writeFiles, type FileChange } from "./write.ts";

export interface RotateWish {
  /** Files (`shop`) or values (`shop.KEY`) by name; none: everything. */
  readonly names: readonly string[];
  /** Also what seems to be for the present recipients. */
  readonly all: boolean;
  /** Says only what is in the way: something else is the result. */
  readonly silent?: boolean;
}

interface Rotated {
  readonly changes: SecretChange[];
  readonly files: FileChange[];
  readonly replace: {
    readonly name: string;
    readonly file: string;
    readonly readers: readonly string[];
  }[];
  readonly left: { readonly name: string; readonly file: string; readonly text: string }[];
}

/** Encrypts what is not for exactly the present recipients for them, with the same values. Gives the exit code. */
export async function rotate(context: Context, wish: RotateWish): Promise<number> {
  const place = await openPlace(context);
  const { environment, folder } = place;
  const tree = await readSecrets(
    context,
    (one) => environment === undefined || one === environment,
  );
  const wanted = tree.files.filter((file) => wish.names.length === 0 || isNamed(file, wish.names));
  checkNames(wanted, wish.names);
  const rotated: Rotated = { changes: [], files: [], replace: [], left: [] };
  if (wanted.length > 0) {
    const identities = await ageIdentities(context, fleetsOf(place, tree.environments));
    const past = await openPast(folder);
    if (past === undefined && wish.silent !== true)
      context.io.err.write(
        "slipway: warning: there is no git history here, so who could read what before is not known\n",
      );
    const told = new Set<string>();
    for (const file of wanted) {
      const list = await recipientsFor(context, folder, file.path, told);
      await rotateFile(file, { list, identities, past, wish }, rotated);
    }
    await writeFiles(context.io, folder, rotated.files);
  }
  say(context, rotated, wish);
  return rotated.left.length > 0 ? exit.trouble : exit.done;
}

interface With {
  readonly list: RecipientsList;
  readonly identities: Identities;
  readonly past: Past | undefined;
  readonly wish: RotateWish;
}

async function rotateFile(file: SecretFile, by: With, rotated: Rotated): Promise<void> {
  const { path, content, name } = file;
  const leave = (what: string, text: string): void =>
    void rotated.left.push({ name: what, file: path, text });
  if (content.form === "sops") {
    if (isSopsDue(content.text, by)) leave(name, `made by SOPS: sops updatekeys ${path}`);
    return;
  }
  const found = itemsIn(file);
  if ("problem" in found) return leave(name, `line ${found.problem.line}: ${found.problem.text}`);
  const armors = new Map<string, string>();
  for (const item of found.items.filter((one) => isWanted(one, by.wish.names))) {
    const result = await resealed(item, by, rotated);
    if (result === undefined) continue;
    if ("text" in result) leave(item.name, result.text);
    else armors.set(item.name, result.armor);
  }
  if (armors.size === 0 || content.form === "unreadable") return;
  const before = content.form === "file" ? content.bytes : content.text;
  const after = content.form === "file" ? armors.get(name) : inPlace(content.text, name, armors);
  if (after === undefined)
    return leave(name, "the file is written in a way that nothing can be put into");
  rotated.files.push({ path, before, after });
  for (const one of armors.keys())
    rotated.changes.push({ name: one, file: path, change: "re-encrypted" });
}

/** Whether something is to be done about a file that only SOPS itself may change: it was asked for, or is for others. */
function isSopsDue(text: string, { list, wish }: With): boolean {
  if (wish.all || wish.names.length > 0) return true;
  const wanted = new Set(list.recipients.map((one) => one.text));
  const found = new Set(sopsOutline(text)?.recipients);
  return found.symmetricDifference(wanted).size > 0;
}

const inPlace = (
  text: string,
  name: string,
  armors: ReadonlyMap<string, string>,
): string | undefined =>
  withSealed(
    text,
    new Map([...armors].map(([full, armor]) => [full.slice(name.length + 1), armor])),
  );

/** Undefined for what is as it should be. */
async function resealed(
  item: SealedItem,
  { list, identities, past, wish }: With,
  rotated: Rotated,
): Promise<{ readonly armor: string } | { readonly text: string } | undefined> {
  const { ciphertext = "", file, name } = item;
  const { recipients } = list;
  if (typeof ciphertext === "string" && !isArmored(ciphertext))
    return { text: `not encrypted: slipway secrets set ${name}` };
  const opened = await open(ciphertext, identities, fileLimit);
  if ("failure" in opened) {
    const { reason, text } = opened.failure;
    const isForUs = recipients.some((one) => identities.recipients.includes(one.text));
    // What is for a list without any key of ours is not ours to open.
    const isNoTrouble =
      reason === "not-a-recipient" && !isForUs && !(await isForOthers(item, recipients, past));
    return isNoTrouble && !wish.all ? undefined : { text };
  }
  const gone = await readersGone(item, opened.bytes, recipients, identities, past);
  const others = othersIn(stanzasOf(ciphertext) ?? [], recipients);
  const readers =
    gone.length > 0 || others === 0
      ? gone.map(recipientName)
      : [`${counted(others, "key")} of which nothing is known`];
  if (readers.length > 0) rotated.replace.push({ name, file: file.path, readers });
  const isDue = wish.all || (await isForOthers(item, recipients, past));
  return isDue ? { armor: await seal(opened.bytes, recipients) } : undefined;
}

const isNamed = ({ name }: SecretFile, names: readonly string[]): boolean =>
  names.some((one) => one === name || one.startsWith(`${name}.`));

const isWanted = ({ name, file }: SealedItem, names: readonly string[]): boolean =>
  names.length === 0 || names.includes(name) || names.includes(file.name);

/** Throws UserError for a name that nothing has. */
function checkNames(files: readonly SecretFile[], names: readonly string[]): void {
  const items = files.flatMap((file) => {
    const found = itemsIn(file);
    return "items" in found ? found.items : [];
  });
  const missing = names.find(
    (one) => !files.some(({ name }) => name === one) && !items.some(({ name }) => name === one),
  );
  if (missing !== undefined)
    throw new UserError(
      "not-found",
      `there is no secret '${printableLine(missing)}'`,
      "'slipway secrets list' shows what there is.",
    );
}

function say({ io, options }: Context, rotated: Rotated, { silent }: RotateWish): void {
  const { changes, replace, left, files } = rotated;
  if (options.json && silent !== true)
    io.out.write(jsonText({ version: 1, changes, replace, left }));
  const tell = silent === true ? io.err : io.out;
  if (silent === true || !options.json)
    tell.write(
      changes.length === 0
        ? `nothing ${rotated.left.length === 0 ? "had to be" : "was"} encrypted anew\n`
        : `re-encrypted ${counted(changes.length, "secret")} in ${listed(
            files.map(({ path }) => path),
            8,
          )}; their values are the same\n`,
    );
  for (const one of left)
    io.err.write(`slipway: ${one.name} in ${one.file} was left as it is: ${one.text}\n`);
  if (replace.length > 0) {
    const lines = replace.map(
      (one) => `  ${one.name} (${one.file}): ${listed(one.readers.map(printableLine))}\n`,
    );
    io.err.write(
      `slipway: these could be read by keys that are in no list any more; git keeps what they could read, so only a new value helps:\n${lines.join("")}`,
    );
  }
}
