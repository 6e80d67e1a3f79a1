import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isObject } from "../../src/lib/json.ts";
import { readSchemas } from "../../src/load/schemas.ts";
import { generatedNames, typesOf } from "../../tools/generate-types.ts";

for (const name of generatedNames) {
  test(`src/generated/${name}.ts is what schemas/${name}.schema.json says (npm run generate)`, async () => {
    const committed = readFileSync(
      new URL(`../../src/generated/${name}.ts`, import.meta.url),
      "utf8",
    );
    assert.equal(committed, await typesOf(name));
  });
}

test("the schemas that documents are checked by are sound themselves", () => {
  const ajv = new Ajv2020();
  for (const schema of readSchemas().all)
    assert.ok(ajv.validateSchema(schema), `${String(schema["$id"])}: ${ajv.errorsText()}`);
});

test("what is wanted says no example that is said behind it again", () => {
  const found: string[] = [];
  const look = (schema: unknown): void => {
    if (!isObject(schema)) return;
    const { title, examples } = schema;
    if (typeof title === "string" && title.includes("such as") && examples !== undefined)
      found.push(title);
    for (const part of Object.values(schema)) {
      if (Array.isArray(part)) for (const one of part) look(one);
      else look(part);
    }
  };
  for (const schema of readSchemas().all) look(schema);
  assert.deepEqual(found, []);
});
