import type { ErrorObject } from "ajv/dist/2020.js";
import { isObject, type JsonObject } from "../lib/json.ts";
import { didYouMean } from "../lib/suggest.ts";
import { adviceOn } from "./advice.ts";
import type { Report } from "./findings.ts";
import { explainForeign, foreignWord } from "./foreign.ts";
import { meaningOf, placeOf } from "./meant.ts";
import { badNameCharacter } from "./names.ts";
import { keyWhereOf, nodeAt, whereOf, type Node, type Path, type ScalarNode } from "./node.ts";
import type { DocumentKind, Schemas } from "./schemas.ts";
import { shown } from "./text.ts";

export interface Explained {
  readonly kind: DocumentKind;
  readonly root: Node;
  readonly schemas: Schemas;
  readonly report: Report;
}

/** The path at which something was found wrong. */
export const pathOf = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The key that is not known, where that is what an error says. */
export function unknownKeyOf({ keyword, params }: ErrorObject): string | undefined {
  if (keyword === "additionalProperties") return String(params["additionalProperty"]);
  if (keyword === "unevaluatedProperties") return String(params["unevaluatedProperty"]);
  return undefined;
}

/** Says in the words of this place what the schema found wrong. */
export function explain(error: ErrorObject, about: Explained): void {
  const path = pathOf(error.instancePath);
  const { report, root } = about;
  const schema: JsonObject = isObject(error.parentSchema) ? error.parentSchema : {};
  const params: Readonly<Record<string, unknown>> = error.params;
  const label = labelOf(path);
  const at = whereOf(root, path);
  if (error.propertyName !== undefined) return explainKey(error.propertyName, path, schema, about);
  switch (error.keyword) {
    case "additionalProperties":
    case "unevaluatedProperties":
      return explainUnknown(unknownKeyOf(error) ?? "", path, schema, about);
    case "x-slipway-later":
      return report(
        "not-yet-supported",
        keyWhereOf(root, path),
        `not yet supported: ${label} (${String(error.schema)})`,
      );
    case "required":
      return report("missing-key", at, `${label} needs '${String(params["missingProperty"])}'`);
    case "type":
      return report(
        "wrong-type",
        at,
        () =>
          `${label} must be ${wanted(schema)}, not ${found(root, path)}${adviceOn(schema, root, path)}`,
      );
    case "enum":
      return explainEnum(error, label, about, path);
    case "pattern":
      return explainPattern(label, schema, about, path);
    case "uniqueItems":
      return report(
        "duplicate-item",
        whereOf(root, [...path, Number(params["i"])]),
        `${label} names the same twice`,
      );
    case "minLength":
    case "minItems":
    case "minProperties":
      return report("empty-value", at, `${label} is empty; it is ${wanted(schema)}`);
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return report(
        "out-of-range",
        at,
        `${label} must be ${bounds[error.keyword]} ${String(params["limit"])}, not ${found(root, path)}`,
      );
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return report("out-of-range", at, `${label} is too long: at most ${String(params["limit"])}`);
    case "propertyNames":
      // The key's own error says more.
      return undefined;
    default:
      return report("bad-format", at, `${label} ${error.message ?? "is wrong"}`);
  }
}

const bounds: Readonly<Record<string, string>> = {
  minimum: "at least",
  maximum: "at most",
  exclusiveMinimum: "more than",
  exclusiveMaximum: "less than",
};

function explainUnknown(
  key: string,
  path: readonly string[],
  schema: JsonObject,
  about: Explained,
): void {
  if (path.at(-2) === "env" && path.at(-1) === "clear") {
    const label = `${labelOf(path)} must be ${wanted(schema)}`;
    return about.report(
      "wrong-type",
      whereOf(about.root, path),
      `${label}, not a map${adviceOn(schema, about.root, path)}`,
    );
  }
  const where = keyWhereOf(about.root, [...path, key]);
  const prefix = path.length === 0 ? "" : `${labelOf(path)}: `;
  const text = `${prefix}unknown key '${shown(key)}'`;
  const foreign = foreignWord(placeOf(about.kind, path), key);
  if (foreign !== undefined)
    return about.report("foreign-key", where, `${text}: ${explainForeign(foreign)}`);
  about.report("unknown-key", where, () => {
    const meaning = meaningOf({ key, path, schema }, about);
    if (meaning?.by === "spelling") return `${text}: Slipway writes '${meaning.key ?? ""}'`;
    const near = meaning === undefined ? "" : ` (did you mean '${meaning.key ?? ""}'?)`;
    return `${text}${near}${lookAlike(key)}`;
  });
}

/** Keys are ASCII: one that is not looks right and is not. */
function lookAlike(key: string): string {
  const odd = badNameCharacter(key, /^[\u0020-\u007e]$/);
  return odd === undefined ? "" : `; it holds ${odd}`;
}

function explainKey(
  key: string,
  path: readonly string[],
  schema: JsonObject,
  about: Explained,
): void {
  const where = keyWhereOf(about.root, [...path, key]);
  const label = path.length === 0 ? "the file" : labelOf(path);
  about.report(isName(schema) ? "bad-name" : "bad-format", where, () => {
    const odd = isName(schema) ? badNameCharacter(key) : undefined;
    return `${label}: '${shown(key)}' is not ${wanted(schema)}${odd === undefined ? "" : `; it holds ${odd}`}`;
  });
}

function explainEnum(
  error: ErrorObject,
  label: string,
  about: Explained,
  path: readonly string[],
): void {
  const schema: JsonObject = isObject(error.parentSchema) ? error.parentSchema : {};
  const node = nodeAt(about.root, path);
  const where = whereOf(about.root, path);
  const value = node?.kind === "scalar" ? node.source : undefined;
  const later = schema["x-slipway-later-values"];
  if (value !== undefined && Array.isArray(later) && later.includes(value)) {
    return about.report("not-yet-supported", where, `not yet supported: ${label} ${value}`);
  }
  const allowed = (Array.isArray(error.schema) ? error.schema : []).map(String);
  // A wrong type says so already.
  if (node?.kind !== "scalar" || value === undefined || isOfWrongType(node, schema))
    return undefined;
  return about.report("not-allowed", where, () => {
    const is = allowed.length === 1 ? "can only be" : "is";
    const hint = adviceOn(schema, about.root, path);
    return `${label} ${is} ${oneOf(allowed)}, not '${shown(value)}'${hint || didYouMean(value, allowed)}`;
  });
}

const isOfWrongType = ({ value }: ScalarNode, { type }: JsonObject): boolean =>
  [type].flat().includes("boolean") && typeof value !== "boolean";

function explainPattern(
  label: string,
  schema: JsonObject,
  about: Explained,
  path: readonly string[],
): void {
  const node = nodeAt(about.root, path);
  const value = node?.kind === "scalar" ? node.source : "";
  // Nothing says so already where it has to be something.
  if (value === "" && typeof schema["minLength"] === "number") return;
  about.report(isName(schema) ? "bad-name" : "bad-format", whereOf(about.root, path), () => {
    const odd = isName(schema) ? badNameCharacter(value) : undefined;
    const hint = odd === undefined ? adviceOn(schema, about.root, path) : `; it holds ${odd}`;
    return `${label}: '${shown(value)}' is not ${wanted(schema)}${hint}`;
  });
}

const isName = (schema: JsonObject): boolean => titleOf(schema).startsWith("name (");

/** What a schema says it is; the names of types are no words for people. */
function titleOf({ title, type }: JsonObject): string {
  if (typeof title === "string" && !/^(?:[A-Z][a-z]+)+$/.test(title)) return title;
  return [type].flat().includes("object") ? "map" : "value";
}

function examplesOf(schema: JsonObject): string {
  // Where maps are possible as well, the title says all forms.
  if ([schema["type"]].flat().includes("object")) return "";
  const examples = Array.isArray(schema["examples"])
    ? schema["examples"].filter((e) => typeof e === "string")
    : [];
  return examples.length === 0 ? "" : ` such as ${examples.join(", ")}`;
}

const wanted = (schema: JsonObject): string => `${article(titleOf(schema))}${examplesOf(schema)}`;

/** Titles are nouns; some need an article. */
const article = (title: string): string =>
  (/^(true|off|auto|http|text|relative|what)/.test(title) ? title : `a ${title}`).replace(
    /^a (?=[aeio])/i,
    "an ",
  );

const oneOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;

function found(root: Node, path: Path): string {
  const node = nodeAt(root, path);
  if (node === undefined) return "nothing";
  if (node.kind !== "scalar") return `a ${node.kind}`;
  if (node.value === null) return "null";
  return typeof node.value === "string" ? `the text '${shown(node.value)}'` : shown(node.source);
}

const labelOf = (path: readonly string[]): string =>
  path.length === 0 ? "the file" : shown(path.join("."));
