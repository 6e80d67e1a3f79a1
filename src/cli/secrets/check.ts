import type { Diagnostic } from "../../model/diagnostic.ts";
import { isArmored } from "../../secrets/armor.ts";
import type { Identities } from "../../secrets/identities.ts";
import { fileLimit, valueLimit } from "../../secrets/limits.ts";
import { open } from "../../secrets/open.ts";
import type { OpenFailure } from "../../secrets/open-failure.ts";
import { mayBeFor, stanzasOf } from "../../secrets/readers.ts";
import { openSops } from "../../secrets/sops.ts";
import { isKey } from "../../secrets/value-file.ts";
import { listFor, type RecipientsList } from "./recipients-for.ts";
import { itemsIn, type SealedItem } from "./sealed.ts";
import type { SecretFile } from "./tree.ts";

/** What is wrong with a file below `secrets/`, for whoever has these identities; only what is needed has to be for them. */
export async function checkFile(
  folder: string,
  file: SecretFile,
  identities: Identities,
  isNeeded: (file: SecretFile, name: string) => boolean = () => true,
): Promise<readonly Diagnostic[]> {
  const found = itemsIn(file);
  if ("problem" in found) {
    const { line, col, text } = found.problem;
    return [finding(file, { line, col }, "secret-unreadable", text)];
  }
  const list = await listFor(folder, file.path);
  const told: Diagnostic[] = [];
  for (const item of found.items) {
    const findings = await checkItem(item, list, identities);
    const isOurs = isNeeded(file, item.name);
    told.push(...findings.filter(({ code }) => isOurs || code !== "secret-not-a-recipient"));
  }
  if (list === undefined && found.items.length > 0)
    told.push(
      finding(
        file,
        { line: 1, col: 1 },
        "recipients-missing",
        "no .age-recipients says who may read this, so it cannot be encrypted anew",
        "warning",
      ),
    );
  return told;
}

async function checkItem(
  item: SealedItem,
  list: RecipientsList | undefined,
  identities: Identities,
): Promise<readonly Diagnostic[]> {
  const { file, name, ciphertext } = item;
  if (ciphertext === undefined) return await checkSops(item, identities);
  if (file.content.form === "values") {
    const key = name.slice(file.name.length + 1);
    if (!isKey(key))
      return [finding(file, item, "bad-key", "its name is of letters, digits, _ - and dots")];
    if (!isArmored(String(ciphertext)))
      return [
        finding(
          file,
          item,
          "secret-not-encrypted",
          `${name} is not encrypted: whoever can read the repo has it; replace it: slipway secrets set ${name}`,
        ),
      ];
  }
  const limit = file.content.form === "file" ? fileLimit : valueLimit;
  const opened = await open(ciphertext, identities, limit);
  if ("failure" in opened) return [failureOf(item, opened.failure)];
  const stanzas = stanzasOf(ciphertext) ?? [];
  if (list === undefined || mayBeFor(stanzas, list.recipients)) return [];
  const text = `${name} is not encrypted to those in ${list.path}: slipway secrets rotate`;
  return [finding(file, item, "secret-other-recipients", text, "warning")];
}

async function checkSops(item: SealedItem, identities: Identities): Promise<readonly Diagnostic[]> {
  const { content } = item.file;
  if (content.form !== "sops") return [];
  const opened = await openSops(content.text, identities);
  return "failure" in opened ? [failureOf(item, opened.failure)] : [];
}

const failureOf = (item: SealedItem, { reason, text }: OpenFailure): Diagnostic =>
  finding(item.file, item, `secret-${reason}`, `${item.name} cannot be opened: ${text}`);

const finding = (
  { path: file }: SecretFile,
  { line, col }: { readonly line: number; readonly col: number },
  code: string,
  message: string,
  severity: Diagnostic["severity"] = "error",
): Diagnostic => ({ severity, code, where: { file, line, col }, message });
