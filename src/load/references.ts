import type { AppFields } from "../generated/app.ts";
import { secretItemsOf } from "../lib/secret-items.ts";
import { templateParts } from "../lib/template.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Locator, TemplateParts } from "../model/documents.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { ParsedFile } from "./parse.ts";
import { variantsOf, type Member } from "./expand.ts";
import type { Findings } from "./findings.ts";
import { resolve, type Resolving } from "./resolve.ts";
import type { Secrets } from "./secrets.ts";
import type { TemplateUse } from "./templates.ts";

/** What an app has of secrets, on any machine. */
export interface AppSecrets {
  /** What its references mean, by the reference as it is declared. */
  readonly secrets: ReadonlyMap<string, SealedValue>;
  /** The parts of its templates, by the source as it is declared. */
  readonly templates: ReadonlyMap<string, TemplateParts>;
}

interface Referring {
  readonly secrets: Secrets;
  readonly uses: readonly TemplateUse[];
  /** The files of templates, by path. */
  readonly files: ReadonlyMap<string, ParsedFile>;
  readonly findings: Findings;
}

export function secretsOf(app: Member, by: Referring): AppSecrets {
  const { report } = by.findings;
  const secrets = new Map<string, SealedValue>();
  const templates = new Map<string, TemplateParts>();
  const resolving: Resolving = { secrets: by.secrets, family: app.family, report };
  const find = (refs: readonly string[], where: Where): void => {
    for (const [ref, value] of resolve(refs, where, resolving)) secrets.set(ref, value);
  };
  for (const { fields, at } of variantsOf(app))
    for (const { refs, where } of referencesOf(fields, at)) find(refs, where);
  for (const { source, entry, where } of by.uses) {
    const parsed = by.files.get(entry.path);
    by.findings.add(parsed?.findings ?? []);
    if (parsed?.template === undefined) continue;
    const { parts, refs } = parsed.template;
    for (const [ref, place] of refs) find([ref], place);
    if (refs.size === 0) report("template-without-secret", where, withoutSecret);
    templates.set(source, parts);
  }
  return { secrets, templates };
}

export const withoutSecret = "there is no ${…} in this template: it is not needed";

/** References that stand at one place: in a template there may be several. */
interface References {
  readonly refs: readonly string[];
  readonly where: Where;
}

function referencesOf(fields: AppFields, at: Locator): readonly References[] {
  const listed = secretItemsOf(fields.secrets).map(({ ref, path }) => ({
    refs: [ref],
    where: at(["secrets", ...path]),
  }));
  const env = Object.entries(fields.env ?? {}).flatMap(([name, value]): readonly References[] => {
    if (typeof value === "string") return [];
    const { secret, template } = value;
    const own =
      secret === undefined ? [] : [{ refs: [secret], where: at(["env", name, "secret"]) }];
    return [...own, { refs: refsIn(template ?? ""), where: at(["env", name, "template"]) }];
  });
  const files = Object.entries(fields.files ?? {}).flatMap(([path, file]): readonly References[] =>
    typeof file === "string" || file.secret === undefined
      ? []
      : [{ refs: [file.secret], where: at(["files", path, "secret"]) }],
  );
  const certificates = (fields.routes ?? []).flatMap(({ tls }, i): readonly References[] =>
    typeof tls !== "object"
      ? []
      : (["cert", "key"] as const).map((key) => ({
          refs: [tls[key]],
          where: at(["routes", i, "tls", key]),
        })),
  );
  return [...listed, ...env, ...files, ...certificates];
}

function refsIn(template: string): readonly string[] {
  const parts = templateParts(template);
  if ("why" in parts) return [];
  return parts.flatMap((part) => (typeof part === "string" ? [] : [part.ref]));
}
