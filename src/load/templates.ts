import { decodeUtf8 } from "../lib/bytes.ts";
import { templateParts } from "../lib/template.ts";
import { printableLine } from "../lib/text.ts";
import type { Where } from "../model/diagnostic.ts";
import type { ShippedFile, TemplateParts } from "../model/documents.ts";
import type { TreeEntry } from "../model/snapshot.ts";
import { variantsOf, type Member } from "./expand.ts";
import { collectFindings, type Report } from "./findings.ts";
import type { ParsedFile } from "./parse.ts";
import { entryOf, type Shippable } from "./ships.ts";
import { decodeText } from "./text.ts";

/** The largest shipped file that may be a template. */
export const templateLimit = 1024 * 1024;

/** A shipped file with secrets in it: its parts, and where it first refers to each. */
export interface Template {
  readonly parts: TemplateParts;
  readonly refs: ReadonlyMap<string, Where>;
}

export function parseTemplate(file: string, bytes: Uint8Array): ParsedFile {
  const { report, all } = collectFindings();
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    decodeText(file, bytes, report);
    return { findings: all() };
  }
  const parts = templateParts(text);
  if (!("why" in parts)) return { template: { parts, refs: refsIn(file, text) }, findings: [] };
  report("bad-template", placesIn(file, text)(parts.at), parts.why);
  return { findings: all() };
}

function refsIn(file: string, text: string): ReadonlyMap<string, Where> {
  const whereIs = placesIn(file, text);
  const refs = new Map<string, Where>();
  for (const { 1: inside, index } of text.matchAll(/\$\$|\$\{([^}]*)\}/g)) {
    const ref = inside?.trim();
    if (ref !== undefined && !refs.has(ref)) refs.set(ref, whereIs(index));
  }
  return refs;
}

/** Asked for one place after the other, it looks at the text once. */
function placesIn(file: string, text: string): (at: number) => Where {
  const endAfter = (start: number): number => {
    const found = text.indexOf("\n", start);
    return found < 0 ? text.length : found;
  };
  let [line, start, end] = [1, 0, endAfter(0)];
  return (at) => {
    while (end < at) [line, start, end] = [line + 1, end + 1, endAfter(end + 1)];
    return { file, line, col: at - start + 1 };
  };
}

/** A source that an app names as a template, and the file that it stands for. */
export interface TemplateUse {
  readonly source: string;
  readonly entry: TreeEntry;
  /** Where the app says so. */
  readonly where: Where;
}

/** The templates of an app, on any machine; one that is no single file is a finding. */
export function templatesOf(
  app: Member & { readonly ships: ReadonlyMap<string, readonly ShippedFile[]> },
  folder: string,
  shippable: Shippable,
  report: Report,
): readonly TemplateUse[] {
  return variantsOf(app).flatMap(({ fields, at }) =>
    Object.entries(fields.files ?? {}).flatMap(([path, file]): readonly TemplateUse[] => {
      if (typeof file === "string" || file.template !== true) return [];
      const { from: source } = file;
      if (source === undefined || !app.ships.has(source)) return [];
      const where = at(["files", path, "template"]);
      const entry = entryOf(source, folder, shippable);
      if (entry !== undefined) return [{ source, entry, where }];
      report(
        "bad-template",
        where,
        `'${printableLine(source)}' is a folder; a template is one file`,
      );
      return [];
    }),
  );
}
