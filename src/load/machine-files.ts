import { printableLine } from "../lib/text.ts";
import type { MachineDocument, ShippedFile } from "../model/documents.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { Report } from "./findings.ts";
import type { Machine } from "./machine.ts";
import { resolve } from "./resolve.ts";
import type { Secrets } from "./secrets.ts";
import { isRefused, nearSource, pathOf, shipped, type Shippable } from "./ships.ts";

const folder = "machines";

interface Known {
  readonly shippable: Shippable;
  readonly secrets: Secrets;
  readonly report: Report;
}

/** What a machine's `files` stand for: files beside its own, and secrets. */
export function machineFilesOf(
  { fields, at }: Machine,
  { shippable, secrets: known, report }: Known,
): Pick<MachineDocument, "ships" | "secrets"> {
  const ships = new Map<string, ShippedFile>();
  const secrets = new Map<string, SealedValue>();
  for (const [path, entry] of Object.entries(fields.files ?? {})) {
    const { from, secret } = typeof entry === "string" ? { from: entry, secret: undefined } : entry;
    if (from !== undefined) {
      const where = at(typeof entry === "string" ? ["files", path] : ["files", path, "from"]);
      const file = sourceOf(from, shippable, (code, message) => report(code, where, message));
      if (file !== undefined) ships.set(from, file);
    }
    if (secret === undefined) continue;
    const where = at(["files", path, "secret"]);
    for (const [ref, value] of resolve([secret], where, { secrets: known, report }))
      secrets.set(ref, value);
  }
  return { ships, secrets };
}

function sourceOf(
  source: string,
  shippable: Shippable,
  refuse: (code: Parameters<Report>[0], message: Parameters<Report>[2]) => void,
): ShippedFile | undefined {
  const path = pathOf(source, folder, refuse);
  if (path === undefined) return undefined;
  const shown = printableLine(source);
  if (/\.ya?ml$/.test(path)) {
    refuse(
      "bad-source",
      `'${shown}': YAML in ${folder}/ describes machines; let the file have another ending`,
    );
    return undefined;
  }
  const entry = source.endsWith("/") ? undefined : shippable.entries.get(path);
  if (entry !== undefined) return shipped("", entry);
  if (shippable.paths.some((one) => one.startsWith(`${path}/`)))
    refuse("bad-source", `'${shown}' is a folder; the files of a machine are named one by one`);
  else if (!isRefused(path, shippable))
    refuse(
      "source-missing",
      () => `'${shown}' is no file in ${folder}/${nearSource(path, folder, shippable)}`,
    );
  return undefined;
}
