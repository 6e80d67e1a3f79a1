import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
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
