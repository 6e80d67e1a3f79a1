import { didYouMean } from "../lib/suggest.ts";
import { secretItemsOf } from "../lib/secret-items.ts";
import { templateParts } from "../lib/template.ts";
import { printableLine } from "../lib/text.ts";
import type { Where } from "../model/diagnostic.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { AppFields } from "../generated/app.ts";
import type { Locator } from "../model/documents.ts";
import { variantsOf, type Member } from "./expand.ts";
import type { Report } from "./findings.ts";
import type { Secrets } from "./secrets.ts";

/** What each reference of an app, on any machine, means, by the reference as it is declared. */
export function secretsOf(
  app: Member,
  secrets: Secrets,
  report: Report,
): ReadonlyMap<string, SealedValue> {
  const found = new Map<string, SealedValue>();
  for (const { fields, at } of variantsOf(app)) {
    for (const { ref, where } of referencesOf(fields, at)) {
      const value = resolve(ref, where, { secrets, report, family: app.family });
      if (value !== undefined) found.set(ref, value);
    }
  }
  return found;
}

interface Reference {
  readonly ref: string;
  readonly where: Where;
}

function referencesOf(fields: AppFields, at: Locator): readonly Reference[] {
  const listed = secretItemsOf(fields.secrets).map(({ ref, path }) => ({
    ref,
    where: at(["secrets", ...path]),
  }));
  const env = Object.entries(fields.env ?? {}).flatMap(([name, value]): readonly Reference[] => {
    if (typeof value === "string") return [];
    const { secret, template } = value;
    const own = secret === undefined ? [] : [{ ref: secret, where: at(["env", name, "secret"]) }];
    return [...own, ...refsIn(template ?? "", at(["env", name, "template"]))];
  });
  const files = Object.entries(fields.files ?? {}).flatMap(([path, file]): readonly Reference[] =>
    typeof file === "string" || file.secret === undefined
      ? []
      : [{ ref: file.secret, where: at(["files", path, "secret"]) }],
  );
  return [...listed, ...env, ...files];
}

function refsIn(template: string, where: Where): readonly Reference[] {
  const parts = templateParts(template);
  if ("why" in parts) return [];
  return parts.flatMap((part) => (typeof part === "string" ? [] : [{ ref: part.ref, where }]));
}

interface Resolving {
  readonly secrets: Secrets;
  /** Whose file a bare key is looked for in; undefined for what belongs to no app. */
  readonly family?: string;
  readonly report: Report;
}

/** Finds what a reference means; that it means nothing, or two things, is a finding where it stands. */
export function resolve(ref: string, where: Where, by: Resolving): SealedValue | undefined {
  const { secrets, family, report } = by;
  const { values, wholeFiles } = secrets;
  const isBare = !/[./]/.test(ref);
  const full = isBare && family !== undefined ? `${family}.${ref}` : ref;
  const value = values.get(full);
  const file =
    (ref.endsWith(".age") ? wholeFiles.get(ref) : undefined) ?? wholeFiles.get(`${ref}.age`);
  if (value !== undefined && file !== undefined && value !== file) {
    report(
      "secret-ambiguous",
      where,
      `'${ref}' is ${value.name} (${value.where.file}:${value.where.line}) as well as ${file.where.file}; write ${value.name === ref ? `${file.name} for the file, or rename one` : `${value.name} or ${file.name}`}`,
    );
    return undefined;
  }
  const found = value ?? file;
  if (found !== undefined) return found;
  const clear = secrets.plain.get(full);
  if (clear !== undefined)
    report(
      "secret-not-encrypted",
      where,
      `'${full}' stands in ${clear.file}:${clear.line} for all to read: SOPS did not encrypt it`,
    );
  else if (![full, ref, `${ref}.age`].some((name) => secrets.mayHold(name)))
    report("unknown-secret", where, () => missing(ref, isBare, by));
  return undefined;
}

/** Among more names than this none is looked for. */
const nearLimit = 5_000;

function missing(ref: string, isBare: boolean, { secrets, family }: Resolving): string {
  const all = [...secrets.values.keys(), ...secrets.wholeFiles.keys()];
  const own = family === undefined ? [] : keysIn(family, all);
  const name = isBare ? (family ?? "") : (longestFile(ref, secrets) ?? "");
  const layers = secrets.files.get(name);
  const looked =
    name === ""
      ? ""
      : layers === undefined
        ? `; there is no secrets/${name}.yaml`
        : ` in ${layers.join(" and ")}`;
  const deep =
    family !== undefined && own.includes(ref) ? ` (did you mean '${family}.${ref}'?)` : "";
  const near = all.length > nearLimit ? "" : deep || didYouMean(ref, [...own, ...all]);
  return `there is no secret '${printableLine(isBare ? ref : ref)}'${looked}${near}`;
}

const keysIn = (name: string, all: readonly string[]): readonly string[] =>
  all.flatMap((one) => (one.startsWith(`${name}.`) ? one.slice(name.length + 1) : []));

function longestFile(ref: string, { files }: Secrets): string | undefined {
  for (let dot = ref.lastIndexOf("."); dot > 0; dot = ref.lastIndexOf(".", dot - 1))
    if (files.has(ref.slice(0, dot))) return ref.slice(0, dot);
  return undefined;
}
