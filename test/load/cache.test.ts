import assert from "node:assert/strict";
import { test } from "node:test";
import { createParseCache } from "../../src/load/cache.ts";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { SourceError } from "../../src/source/source.ts";
import { repo } from "./repos.ts";

const apps = Object.fromEntries(
  Array.from({ length: 50 }, (_, i) => [`apps/a${i}.yaml`, `image: a:${i}\n`]),
);

test("a commit that changes one file reads and parses one file", async () => {
  const cache = createParseCache();
  let reads = 0;
  const onRead = (): void => void reads++;
  await load(snapshotOf(repo(apps), { onRead }), { cache });
  assert.equal(cache.parsed, 52);
  await load(snapshotOf(repo(apps), { onRead }), { cache });
  assert.equal(cache.parsed, 52, "the same tree again parses nothing");
  const changed = { ...apps, "apps/a7.yaml": "image: a:changed\n" };
  const { documents } = await load(snapshotOf(repo(changed), { onRead }), { cache });
  assert.equal(cache.parsed, 53);
  assert.equal(reads, 53);
  assert.equal(documents?.apps.get("a7")?.fields.image, "a:changed");
});

test("findings of a file come again, also from the cache", async () => {
  const cache = createParseCache();
  const snapshot = snapshotOf(repo({ "apps/a.yaml": "image: a\nimage: b\n" }));
  const first = await load(snapshot, { cache });
  assert.equal(first.findings.length, 1);
  assert.deepEqual((await load(snapshot, { cache })).findings, first.findings);
});

test("equal files at two places are told at their own", async () => {
  const { findings } = await load(
    snapshotOf(repo({ "apps/a.yaml": "imag: x\n", "apps/b.yaml": "imag: x\n" })),
  );
  assert.deepEqual(
    findings.map((finding) => finding.where.file),
    ["apps/a.yaml", "apps/b.yaml"],
  );
});

test("the cache drops what was not used for the longest time", () => {
  const cache = createParseCache(2);
  const file = { findings: [] };
  cache.set("a", "1", file, 1);
  cache.set("b", "2", file, 1);
  cache.get("a", "1");
  cache.set("c", "3", file, 1);
  assert.equal(cache.get("b", "2"), undefined);
  assert.ok(cache.get("a", "1"));
  assert.ok(cache.get("c", "3"));
  assert.equal(cache.get("a", "3"), undefined);
});

test("the cache keeps no more than fits, and what was read last however large it is", () => {
  const cache = createParseCache(10, 100);
  const file = { findings: [] };
  for (const [path, bytes] of Object.entries({ a: 40, b: 40, c: 40 }))
    cache.set(path, "1", file, bytes);
  const known = (): string => ["a", "b", "c", "d"].filter((path) => cache.get(path, "1")).join("");
  assert.equal(known(), "bc");
  cache.set("b", "1", file, 40);
  assert.equal(known(), "bc");
  cache.set("d", "1", file, 1_000);
  assert.equal(known(), "d");
});

test("trouble with the repo is no finding about it", async () => {
  const snapshot = {
    ...snapshotOf(repo()),
    read: () => Promise.reject(new SourceError("unreachable", "gone")),
  };
  await assert.rejects(load(snapshot), SourceError);
});
