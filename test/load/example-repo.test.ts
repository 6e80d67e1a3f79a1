import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { load } from "../../src/load/load.ts";
import { openSecrets } from "../../src/pass/secrets.ts";
import { Opener } from "../../src/secrets/opener.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { parseRecipients } from "../../src/secrets/recipients.ts";
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

test("its secrets are for the key that everybody has, and for no other", async () => {
  const file = readFileSync(new URL("../../demo/example.agekey", import.meta.url), "utf8");
  assert.match(file, /^# EVERYBODY HAS THIS KEY/);
  const parsed = await parseIdentities(file);
  assert.ok("identities" in parsed);
  const { identities } = parsed;
  const { recipients, findings } = parseRecipients(String(files[".age-recipients"]));
  assert.deepEqual(findings, []);
  assert.deepEqual(
    recipients.map(({ text }) => text),
    identities.recipients,
  );
  const snapshot = snapshotOf(files);
  const { documents } = await load(snapshot);
  assert.ok(documents);
  const secrets = new Opener(async () => identities);
  const opened = await openSecrets({ secrets }, documents, snapshot);
  assert.deepEqual(opened.findings, []);
  for (const app of ["db", "shop"])
    assert.deepEqual(
      [...(documents.apps.get(app)?.secrets.values() ?? [])].map(({ name }) => name),
      ["db.DB_PASSWORD"],
    );
  assert.equal(documents.apps.get("cache")?.secrets.size, 0);
});

test("each document in it names its schema", () => {
  const documents = Object.entries(files).filter(([path]) => /^(?!secrets\/).*\.yaml$/.test(path));
  for (const [path, content] of documents) {
    const [, schema] = /^# yaml-language-server: \$schema=(.+)\n/.exec(content.toString()) ?? [];
    assert.ok(schema, path);
    assert.doesNotThrow(() => readFileSync(join(root, path, "..", schema)), path);
  }
});
