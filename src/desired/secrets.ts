import type { AppFields } from "../generated/app.ts";
import { secretItemsOf, secretMountOf } from "../lib/secret-items.ts";
import { templateParts } from "../lib/template.ts";
import type { AppDocument, TemplateParts } from "../model/documents.ts";
import type { Where } from "../model/diagnostic.ts";
import { sealedIn, type SealedText, type SealedValue } from "../model/sealed.ts";
import { fieldsOn } from "./names.ts";

/** What may be known of opened secrets; it does not tell what they are. */
export interface SecretDigests {
  /** Under the machine's key, hex. */
  fingerprint(text: SealedText, key: string): string;
  /** Of the bytes, hex: to be compared with what a machine says of its files, never to be shown or stored. */
  sha256(text: SealedText): string;
}

/** A secret that an app has as a file. */
export interface SecretFile {
  /** Where it is mounted in the container. */
  readonly target: string;
  readonly text: SealedText;
  /** Octal, four digits. */
  readonly mode: string;
  readonly owner?: string;
}

const secretFileMode = "0400";

/** Variables without secrets. */
export const plainEnv = ({ env = {} }: AppFields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );

/** Variables that hold secrets, with what they are made of. */
export function secretEnvOf(app: AppDocument, fields: AppFields): ReadonlyMap<string, SealedText> {
  const listed = secretItemsOf(fields.secrets).filter(({ as }) => as === "env");
  const texts = new Map(listed.map(({ name, ref }) => [name, textOf(app, [{ ref }])]));
  for (const [name, value] of Object.entries(fields.env ?? {})) {
    if (typeof value === "string") continue;
    const parts =
      value.template === undefined ? [{ ref: value.secret ?? "" }] : templateParts(value.template);
    if ("why" in parts) throw new Error(`the template of ${name} was checked: ${parts.why}`);
    texts.set(name, textOf(app, parts));
  }
  return texts;
}

/** Every variable that holds secrets, on any machine. */
export const variablesWithSecrets = (
  app: AppDocument,
): readonly { readonly name: string; readonly text: SealedText }[] =>
  [app.fields, ...app.perMachine.values()].flatMap((fields) =>
    [...secretEnvOf(app, fields)].map(([name, text]) => ({ name, text })),
  );

/** `NAME_FILE` says where the file of secret NAME is, as many images want it; unless it is declared. */
export function fileVariables(fields: AppFields): Readonly<Record<string, string>> {
  const files = secretItemsOf(fields.secrets).filter(({ as }) => as === "file");
  const variables = files.map(({ name }) => [`${name}_FILE`, secretMountOf(name)] as const);
  return Object.fromEntries(variables.filter(([name]) => fields.env?.[name] === undefined));
}

/** Where a field was written, also of what `secrets` makes: a variable, or a file with the variable that says where it is. */
export function placeOf(app: AppDocument, field: readonly string[]): Where {
  const [top, name = ""] = field;
  if (top !== "env" && top !== "files") return app.at(field);
  const isDeclared = app.fields[top]?.[name] !== undefined;
  const item = secretItemsOf(app.fields.secrets).find((one) =>
    one.as === "env"
      ? top === "env" && one.name === name
      : name === (top === "env" ? `${one.name}_FILE` : secretMountOf(one.name)),
  );
  return item === undefined || isDeclared ? app.at(field) : app.at(["secrets", ...item.path]);
}

/** The values that a field of an app holds on a machine; none where it holds no secret. */
export function valuesIn(
  app: AppDocument,
  machine: string,
  [top, name = ""]: readonly string[],
): readonly SealedValue[] {
  const fields = fieldsOn(app, machine);
  const text =
    top === "env"
      ? secretEnvOf(app, fields).get(name)
      : secretFilesOf(app, fields).find(({ target }) => top === "files" && target === name)?.text;
  const ids = new Set(sealedIn(text ?? []).map(({ id }) => id));
  return [...app.secrets.values()].filter(({ id }) => ids.has(id));
}

export function secretFilesOf(app: AppDocument, fields: AppFields): readonly SecretFile[] {
  const listed = secretItemsOf(fields.secrets)
    .filter(({ as }) => as === "file")
    .map(({ name, ref, mode, owner }) => ({
      ...fileOf(secretMountOf(name), textOf(app, [{ ref }]), mode, owner),
    }));
  const named = Object.entries(fields.files ?? {}).flatMap(([target, declared]) => {
    if (typeof declared === "string") return [];
    const { secret, from, template, mode, owner } = declared;
    if (secret !== undefined) return [fileOf(target, textOf(app, [{ ref: secret }]), mode, owner)];
    if (template !== true || from === undefined) return [];
    return [fileOf(target, textOf(app, app.templates.get(from) ?? []), mode, owner)];
  });
  return [...listed, ...named];
}

const fileOf = (
  target: string,
  text: SealedText,
  mode: string | undefined,
  owner: string | undefined,
): SecretFile => ({
  target,
  text,
  mode: (mode ?? secretFileMode).padStart(4, "0"),
  ...(owner === undefined ? {} : { owner }),
});

/** References as what they mean; that each means something was checked. */
export const textOf = (app: AppDocument, parts: TemplateParts): SealedText =>
  parts.map((part) => {
    if (typeof part === "string") return part;
    const value = app.secrets.get(part.ref);
    if (value === undefined) throw new Error(`the reference '${part.ref}' was checked`);
    return { name: value.name, id: value.id };
  });
