import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { kinds } from "../../src/kinds/index.ts";
import { isObject, type Json } from "../../src/lib/json.ts";
import { filesBelow, textOf } from "./code.ts";

describe("every kind", () => {
  const keys = {
    apps: keysUsed(["apps/*.yaml", "apps/*/app.yaml"]),
    machines: keysUsed(["machines/*.yaml"]),
  };

  for (const { id, declaredIn } of kinds) {
    it(`${id} has cases`, () => {
      for (const method of ["read", "diff", "apply"])
        assert.notDeepEqual(
          filesBelow("test/kinds", `${id}/${method}/*.json`),
          [],
          `test/kinds/${id}/${method}/ has no case`,
        );
    });

    it(`${id} is used in example-repo`, () => {
      for (const place of declaredIn) {
        const [, folder = "", key] = place.split("/");
        assert(folder === "apps" || folder === "machines", `${place} is no place in an infra repo`);
        if (key === undefined) assert(keys[folder].size > 0, `example-repo has no ${folder}`);
        else assert(keys[folder].has(key), `example-repo uses no ${key} in ${folder}`);
      }
    });
  }
});

/** Keys of documents, and of their services. */
function keysUsed(patterns: readonly string[]): ReadonlySet<string> {
  const documents = patterns
    .flatMap((pattern) => filesBelow("example-repo", pattern))
    .map((path) => parse(textOf(`example-repo/${path}`)) as Json);
  const services = documents.flatMap((document) =>
    isObject(document) && isObject(document["services"]) ? Object.values(document["services"]) : [],
  );
  return new Set(
    [...documents, ...services].flatMap((one) => (isObject(one) ? Object.keys(one) : [])),
  );
}
