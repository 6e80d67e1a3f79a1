import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";

const root = new URL("../../example-repo", import.meta.url).pathname;
const files = Object.fromEntries(
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(root, path), readFileSync(path)]),
);

test("example-repo/ has no finding, and is what the README says", async () => {
  const { documents, findings } = await load(snapshotOf(files));
  assert.deepEqual(findings, []);
  assert.deepEqual([...(documents?.machines.keys() ?? [])], ["db-1", "web-1", "web-2"]);
  assert.deepEqual(documents?.apps.get("shop")?.machines, ["web-1", "web-2"]);
  assert.deepEqual(documents?.apps.get("db")?.machines, ["db-1"]);
});

test("each file of it names its schema", () => {
  for (const [path, content] of Object.entries(files).filter(([name]) => name.endsWith(".yaml"))) {
    const [, schema] = /^# yaml-language-server: \$schema=(.+)\n/.exec(content.toString()) ?? [];
    assert.ok(schema, path);
    assert.doesNotThrow(() => readFileSync(join(root, path, "..", schema)), path);
  }
});
