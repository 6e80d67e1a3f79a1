import { readFileSync } from "node:fs";
import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import { withoutNull } from "../lib/schema.ts";

export type DocumentKind = "app" | "service" | "machine" | "slipway";

/** The schemas as they are checked against: without null, and found by `$ref`. */
export interface Schemas {
  readonly all: readonly JsonObject[];
  /** The `$ref` of what a document of this kind must be. */
  readonly refOf: (kind: DocumentKind) => string;
  /** Follows a `$ref` that stands in the schema `base`. */
  readonly resolve: (
    ref: string,
    base: string,
  ) => { readonly schema: JsonObject; readonly base: string };
}

const refs: Readonly<Record<DocumentKind, string>> = {
  app: "app.schema.json",
  service: "app.schema.json#/$defs/service",
  machine: "machine.schema.json",
  slipway: "slipway.schema.json",
};

/** Reads the published schemas that come with this package. */
export function readSchemas(): Schemas {
  const all = ["app", "machine", "slipway"].map((name) => {
    const text = readFileSync(
      new URL(`../../schemas/${name}.schema.json`, import.meta.url),
      "utf8",
    );
    return withoutNull(JSON.parse(text) as Json) as JsonObject;
  });
  const byId = new Map(
    all.map((schema) => [typeof schema["$id"] === "string" ? schema["$id"] : "", schema]),
  );
  return {
    all,
    refOf: (kind) => refs[kind],
    resolve(ref, base) {
      const [id = "", pointer = ""] = ref.split("#");
      const target = id === "" ? base : id;
      const steps = pointer.split("/").slice(1);
      const found = steps.reduce<Json | undefined>(
        (at, step) => (isObject(at) ? at[step] : undefined),
        byId.get(target),
      );
      if (!isObject(found)) throw new Error(`no schema ${ref} in ${base}`);
      return { schema: found, base: target };
    },
  };
}

/** Where in a document scalars stand for their source text (`x-slipway-text`). */
export interface TextPaths {
  readonly text: boolean;
  readonly keys: ReadonlyMap<string, TextPaths>;
  /** Of every other key. */
  readonly others?: TextPaths;
  readonly items?: TextPaths;
}

export const noText: TextPaths = { text: false, keys: new Map() };

export function textPathsOf(schemas: Schemas, kind: DocumentKind): TextPaths {
  return walk({ $ref: schemas.refOf(kind) }, "");

  function walk(schema: Json | undefined, base: string): TextPaths {
    if (!isObject(schema)) return noText;
    const parts: TextPaths[] = [];
    if (typeof schema["$ref"] === "string") {
      const target = schemas.resolve(schema["$ref"], base);
      parts.push(walk(target.schema, target.base));
    }
    if (Array.isArray(schema["allOf"]))
      parts.push(...schema["allOf"].map((part: Json) => walk(part, base)));
    const properties = isObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
    const keys = new Map([
      ...parts.flatMap((part) => [...part.keys]),
      ...properties.map(([k, v]) => [k, walk(v, base)] as const),
    ]);
    const others = isObject(schema["additionalProperties"])
      ? walk(schema["additionalProperties"], base)
      : firstOf(parts, "others");
    const items = isObject(schema["items"]) ? walk(schema["items"], base) : firstOf(parts, "items");
    return {
      text: schema["x-slipway-text"] === true || parts.some((part) => part.text),
      keys,
      ...(others === undefined ? {} : { others }),
      ...(items === undefined ? {} : { items }),
    };
  }
}

const firstOf = (parts: readonly TextPaths[], key: "others" | "items"): TextPaths | undefined =>
  parts.find((part) => part[key] !== undefined)?.[key];
