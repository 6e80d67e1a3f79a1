import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatDiagnostic, hasErrors, type Diagnostic } from "../../model/diagnostic.ts";
import { parseRecipients, type Recipient } from "../../secrets/recipients.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { checkPath } from "./write.ts";

export const listName = ".age-recipients";

/** Who can read what stands in a folder and below. */
export interface RecipientsList {
  /** From the infra repo's folder. */
  readonly path: string;
  readonly text: string;
  readonly recipients: readonly Recipient[];
  readonly findings: readonly Diagnostic[];
}

/** Where the list for a file may be, the nearest first: in its folder, and in those above it up to the infra repo's. */
export function listPaths(path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.push(folder);
  return [...folders.map((folder) => `${folder}/${listName}`), listName];
}

/** The list that counts for a file; undefined where there is none. */
export async function listFor(folder: string, path: string): Promise<RecipientsList | undefined> {
  for (const one of listPaths(path)) {
    const list = await readList(folder, one);
    if (list !== undefined) return list;
  }
  return undefined;
}

export async function readList(folder: string, path: string): Promise<RecipientsList | undefined> {
  await checkPath(folder, path);
  const text = await readFile(join(folder, path), "utf8").catch(() => undefined);
  return text === undefined ? undefined : { path, text, ...parseRecipients(text, path) };
}

/** The list to encrypt a file to; warnings about it go to stderr, once for those `told`. Throws UserError where there is none, or one with a mistake. */
export async function recipientsFor(
  { io }: Context,
  folder: string,
  path: string,
  told: Set<string> = new Set(),
): Promise<RecipientsList> {
  const list = await listFor(folder, path);
  if (list === undefined)
    throw new UserError(
      "refused",
      `nobody is named who could read ${path}: there is no ${listName}`,
      "Make one with 'slipway secrets recipients add age1…'; 'age-keygen -y KEYFILE' shows the recipient of a key.",
    );
  if (hasErrors(list.findings))
    throw new UserError("rejected", `${list.path} has mistakes: ${firstError(list)}`, {
      findings: list.findings,
      hint: "'slipway secrets verify' tells all of them.",
    });
  for (const finding of told.has(list.path) ? [] : list.findings)
    io.err.write(`slipway: ${formatDiagnostic(finding)}\n`);
  told.add(list.path);
  return list;
}

const firstError = ({ findings }: RecipientsList): string => {
  const first = findings.find(({ severity }) => severity === "error");
  return first === undefined ? "" : `line ${first.where.line}: ${first.message}`;
};
