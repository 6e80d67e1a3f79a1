/** Writes src/generated/*.ts from schemas/*.schema.json; with `--check` it only says whether they are fresh. */
import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";
import { isObject, type Json, type JsonObject } from "../src/lib/json.ts";
import { withoutNull } from "../src/lib/schema.ts";

const root = new URL("../", import.meta.url);
export const generatedNames = ["app", "machine", "slipway"] as const;
type Name = (typeof generatedNames)[number];

/** Definitions of other schemas, by the `$ref` that names them, and where their types stand, unless they are the language's. */
const elsewhere: Readonly<Record<string, { readonly type: string; readonly module?: string }>> = {
  "app.schema.json#/$defs/defaults": { type: "AppFields", module: "./app.ts" },
  "app.schema.json#/$defs/freeze": { type: "FreezeTime[]", module: "./app.ts" },
  "app.schema.json#/$defs/paused": { type: "Paused", module: "./app.ts" },
  "app.schema.json#/$defs/name": { type: "string" },
  "app.schema.json#/$defs/schedule": { type: "string" },
  "app.schema.json#/$defs/timezone": { type: "string" },
  "app.schema.json#/$defs/wait": { type: "string" },
  "machine.schema.json#/$defs/user": { type: "User", module: "./machine.ts" },
  "machine.schema.json": { type: "MachineFile", module: "./machine.ts" },
};

const sourceOf = (name: Name): string =>
  readFileSync(new URL(`schemas/${name}.schema.json`, root), "utf8");
const targetOf = (name: Name): URL => new URL(`src/generated/${name}.ts`, root);

/** The TypeScript for one schema, as it should stand in src/generated/. */
export async function typesOf(name: Name): Promise<string> {
  const imports = new Set<string>();
  const published = withoutNull(JSON.parse(sourceOf(name)) as Json) as JsonObject;
  const schema = forTypes(inlined(published, published["$defs"] ?? {}), imports, true);
  const body = await compile(schema as Parameters<typeof compile>[0], name, {
    additionalProperties: false,
    bannerComment: `// Made from schemas/${name}.schema.json by \`npm run generate\`. Do not edit.`,
    style: { printWidth: 120 },
    maxItems: -1,
    unreachableDefinitions: false,
  });
  const [banner = "", ...rest] = body.split("\n");
  return [banner, ...[...imports].toSorted(), ...rest].join("\n");
}

/** Definitions of maps keep their names; those of words and lists are written out where they are used. */
function inlined(schema: Json, definitions: Json): Json {
  if (Array.isArray(schema)) return schema.map((member) => inlined(member, definitions));
  if (!isObject(schema)) return schema;
  const target = definitionOf(schema["$ref"], definitions);
  if (target !== undefined && !("allOf" in target) && !("properties" in target)) {
    const { $ref: _, ...besides } = schema;
    return inlined({ ...target, ...besides }, definitions);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, inlined(value, definitions)]),
  );
}

function definitionOf(reference: Json | undefined, definitions: Json): JsonObject | undefined {
  const name = typeof reference === "string" ? /^#\/\$defs\/(.*)$/.exec(reference)?.[1] : undefined;
  const found = name !== undefined && isObject(definitions) ? definitions[name] : undefined;
  return isObject(found) ? found : undefined;
}

/** Schema keys that matter to types: no later keys, texts as strings, no titles (they would become names). */
function forTypes(schema: Json, imports: Set<string>, named = false): Json {
  if (Array.isArray(schema)) return schema.map((member) => forTypes(member, imports));
  if (!isObject(schema)) return schema;
  const reference = typeof schema["$ref"] === "string" ? elsewhere[schema["$ref"]] : undefined;
  if (reference !== undefined) {
    const name = reference.type.replace("[]", "");
    if (reference.module !== undefined)
      imports.add(`import type { ${name} } from "${reference.module}";`);
    return { ...commentOf(schema), tsType: reference.type };
  }
  const kept = Object.entries(schema).filter(
    ([key]) =>
      !/^(title|examples|default|pattern|propertyNames|unevaluatedProperties)$|^x-|^(min|max)/.test(
        key,
      ),
  );
  const entries = kept.map(([key, value]): [string, Json] => [
    key,
    key === "properties" || key === "$defs" ? members(value, imports) : forTypes(value, imports),
  ]);
  const result: JsonObject = {
    ...Object.fromEntries(entries),
    ...(named ? { title: schema["title"] ?? "" } : {}),
  };
  return schema["x-slipway-text"] === true ? textual(result) : result;
}

function members(value: Json, imports: Set<string>): Json {
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(
    ([, member]) => !(isObject(member) && "x-slipway-later" in member),
  );
  return Object.fromEntries(
    kept.map(([key, member]) => [
      key,
      forTypes(member, imports, isObject(member) && member["title"] === "AppFields"),
    ]),
  );
}

const commentOf = (schema: JsonObject): JsonObject =>
  typeof schema["description"] === "string" ? { description: schema["description"] } : {};

/** Numbers and booleans stand for their source text: the loader leaves only strings (and lists of them). */
function textual(schema: JsonObject): JsonObject {
  const types = schema["type"];
  return Array.isArray(types) && types.includes("array")
    ? { ...commentOf(schema), type: ["string", "array"], items: { type: "string" } }
    : isObject(schema["properties"])
      ? { ...schema, type: ["string", "object"] }
      : { ...commentOf(schema), type: "string" };
}

async function main(check: boolean): Promise<void> {
  const stale: string[] = [];
  for (const name of generatedNames) {
    const text = await typesOf(name);
    if (!check) writeFileSync(targetOf(name), text);
    else if (readFileSync(targetOf(name), "utf8") !== text) stale.push(name);
  }
  if (stale.length > 0) {
    console.error(`src/generated is stale (${stale.join(", ")}): npm run generate`);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main(process.argv.includes("--check"));
