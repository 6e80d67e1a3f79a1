/**
 * Makes github-openapi.json from GitHub's published description: only the operations that Slipway talks to, their
 * schemas in the form of JSON Schema 2020-12, and one published example of each answer. Run by hand:
 *
 *   npm install --prefix /tmp/description @octokit/openapi
 *   node test/support/extract-github-openapi.ts /tmp/description/node_modules/@octokit/openapi
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, type Json, type JsonObject } from "../../src/lib/json.ts";

const operations: readonly (readonly [method: string, path: string])[] = [
  ["post", "/repos/{owner}/{repo}/statuses/{sha}"],
  ["get", "/repos/{owner}/{repo}/commits/{ref}/statuses"],
  ["get", "/repos/{owner}/{repo}/commits/{ref}/status"],
  ["get", "/repos/{owner}/{repo}/pulls"],
  ["get", "/repos/{owner}/{repo}/issues/{issue_number}/comments"],
  ["post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"],
  ["patch", "/repos/{owner}/{repo}/issues/comments/{comment_id}"],
  ["get", "/user"],
];

/** What says nothing about validity. Inside `properties` these words are names and stay. */
const prose = new Set([
  "description",
  "example",
  "examples",
  "title",
  "deprecated",
  "externalDocs",
  "readOnly",
]);

const folder = process.argv[2];
if (folder === undefined)
  throw new Error("usage: extract-github-openapi.ts <folder of @octokit/openapi>");
const description = JSON.parse(
  await readFile(join(folder, "generated/api.github.com.json"), "utf8"),
) as JsonObject;
const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as JsonObject;

const needed = new Set<string>();
const extracted = {
  note: {
    source:
      "https://github.com/github/rest-api-description, as published in the npm package @octokit/openapi",
    package: `@octokit/openapi@${String(manifest["version"])}`,
    api: "api.github.com",
    licence: "MIT, Copyright (c) GitHub, Inc. and contributors",
    madeBy: "test/support/extract-github-openapi.ts",
  },
  operations: operations.map(([method, path]) => operation(method, path)),
  $defs: {} as Record<string, Json>,
};
for (const name of needed) extracted.$defs[name] = schemaOf(at(`#/components/schemas/${name}`));
await writeFile(
  new URL("github-openapi.json", import.meta.url),
  `${JSON.stringify(extracted, null, 1)}\n`,
);

function operation(method: string, path: string): JsonObject {
  const found = at(`#/paths/${path.replaceAll("/", "~1")}/${method}`);
  const parameters = list(found["parameters"]).map((p) => resolve(p));
  const responses = Object.entries(found["responses"] ?? {}).map(([status, r]) => [
    status,
    answer(resolve(r)),
  ]);
  return {
    id: String(found["operationId"]),
    method: method.toUpperCase(),
    path,
    parameters: parameters.map((p) => ({
      name: String(p["name"]),
      in: String(p["in"]),
      required: p["required"] === true,
      schema: schemaOf(p["schema"] ?? {}),
    })),
    ...(found["requestBody"] === undefined
      ? {}
      : { request: media(found["requestBody"])?.schema ?? true }),
    responses: Object.fromEntries(responses) as JsonObject,
  };
}

function answer(response: JsonObject): JsonObject {
  const content = media(response);
  if (content === undefined) return {};
  return {
    schema: content.schema,
    ...(content.example === undefined ? {} : { example: content.example }),
  };
}

function media(
  holder: Json,
): { readonly schema: Json; readonly example: Json | undefined } | undefined {
  const content =
    isObject(holder) && isObject(holder["content"])
      ? holder["content"]["application/json"]
      : undefined;
  if (!isObject(content)) return undefined;
  const examples = isObject(content["examples"]) ? Object.values(content["examples"]) : [];
  const first = examples[0] === undefined ? undefined : resolve(examples[0])["value"];
  return { schema: schemaOf(content["schema"] ?? {}), example: first };
}

/** OpenAPI 3.0 says `nullable`; JSON Schema says `type: [x, null]`. */
function schemaOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(schemaOf);
  if (!isObject(value)) return value;
  const reference = value["$ref"];
  if (typeof reference === "string") {
    const name = reference.slice("#/components/schemas/".length);
    needed.add(name);
    return { $ref: `#/$defs/${name}` };
  }
  const kept = Object.entries(value).filter(
    ([key]) => !prose.has(key) && !key.startsWith("x-") && key !== "nullable",
  );
  const schema = Object.fromEntries(kept.map(([key, part]) => [key, partOf(key, part)]));
  if (value["nullable"] !== true) return schema;
  if (schema["type"] === undefined) return { anyOf: [schema, { type: "null" }] };
  const allowed = schema["enum"];
  return {
    ...schema,
    type: [schema["type"], "null"],
    ...(Array.isArray(allowed) && !allowed.includes(null) ? { enum: [...allowed, null] } : {}),
  };
}

function partOf(key: string, part: Json): Json {
  if (key === "default" || key === "enum") return part;
  if (key === "properties" && isObject(part)) {
    return Object.fromEntries(
      Object.entries(part).map(([name, schema]) => [name, schemaOf(schema)]),
    );
  }
  return schemaOf(part);
}

function at(pointer: string): JsonObject {
  let found: Json = description;
  for (const segment of pointer.slice(2).split("/")) {
    const next: Json | undefined = isObject(found)
      ? found[segment.replaceAll("~1", "/")]
      : undefined;
    if (next === undefined) throw new Error(`nothing at ${pointer}`);
    found = next;
  }
  if (!isObject(found)) throw new Error(`no object at ${pointer}`);
  return found;
}

function resolve(value: Json): JsonObject {
  if (!isObject(value)) throw new Error("expected an object");
  return typeof value["$ref"] === "string" ? at(value["$ref"]) : value;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
