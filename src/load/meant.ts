import { isObject, type JsonObject } from "../lib/json.ts";
import { suggest } from "../lib/suggest.ts";
import { foreignWord } from "./foreign.ts";
import type { DocumentKind, Schemas } from "./schemas.ts";

/** What a key that is not known was probably meant to be. */
export interface Meaning {
  /** By what it was recognised: another tool's word, another way of writing one of ours, a slip of the pen. */
  readonly by: "foreign" | "spelling" | "nearness";
  /** The key of ours, where there is one. */
  readonly key?: string;
  /** It stands beside the map in which the unknown key is, not in it. */
  readonly beside?: true;
}

export interface UnknownKey {
  readonly key: string;
  /** Of the map that it stands in, and what that may hold. */
  readonly path: readonly string[];
  readonly schema: JsonObject;
}

interface About {
  readonly kind: DocumentKind;
  readonly schemas: Schemas;
}

/** Undefined where nothing is near. */
export function meaningOf(unknown: UnknownKey, about: About): Meaning | undefined {
  const { key, path, schema } = unknown;
  const known = knownKeys(schema, about.schemas, `${ownPath(about.kind, path)[0]}.schema.json`);
  const foreign = foreignWord(placeOf(about.kind, path), key);
  if (foreign !== undefined) {
    const [ours] = foreign.ours?.split(/[.:]/) ?? [];
    if (ours === undefined) return { by: "foreign" };
    return { by: "foreign", key: ours, ...(known.includes(ours) ? {} : { beside: true }) };
  }
  const camel = key.replace(/[_-]+([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (camel !== key && known.includes(camel)) return { by: "spelling", key: camel };
  const near = suggest(key, known);
  return near === undefined ? undefined : { by: "nearness", key: near };
}

/** Which table of foreign words counts: the document's kind, and the maps on the way that are not names. */
export function placeOf(kind: DocumentKind, path: readonly string[]): string {
  const [root, rest] = ownPath(kind, path);
  const first = rest[0];
  const named = [
    "app.env",
    "app.files",
    "app.volumes",
    "app.routes",
    "slipway.registries",
  ].includes(`${root}.${first ?? ""}`);
  if (first === undefined) return root;
  return rest.length === (named ? 2 : 1) ? `${root}.${first}` : "";
}

/** The kind of thing that a path leads into, and the path within it: services hold what apps hold. */
export function ownPath(
  kind: DocumentKind,
  path: readonly string[],
): readonly [string, readonly string[]] {
  if (kind === "app" && (path[0] === "services" || path[0] === "perMachine") && path.length > 1)
    return ["app", path.slice(2)];
  if (kind === "slipway" && path[0] === "defaults" && (path[1] === "app" || path[1] === "machine"))
    return [path[1], path.slice(2)];
  return [kind === "service" ? "app" : kind, path];
}

/** The keys that a schema knows, those that come later included. */
function knownKeys(schema: JsonObject, schemas: Schemas, base: string): readonly string[] {
  const own = isObject(schema["properties"]) ? Object.keys(schema["properties"]) : [];
  const parts = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  const inherited = parts.flatMap((part) => {
    if (!isObject(part) || typeof part["$ref"] !== "string") return [];
    const target = schemas.resolve(part["$ref"], base);
    return knownKeys(target.schema, schemas, target.base);
  });
  return [...own, ...inherited];
}
