import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { jsonFile } from "../../src/lib/json-file.ts";

suite("a JSON file", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-json-"));
    path = join(folder, "state.json");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test("what was written is read, by the owner alone", async () => {
    const file = jsonFile(path, 1000);
    assert.deepEqual(await file.read(), {});
    await file.write({ a: [1, null] });
    assert.deepEqual(await file.read(), { value: { a: [1, null] } });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await file.remove();
    await file.remove();
    assert.deepEqual(await file.read(), {});
  });

  test("writes follow each other, and nothing is left beside the file", async () => {
    const file = jsonFile(path, 1000);
    await Promise.all([1, 2, 3, 4, 5].map(async (n) => await file.write(n)));
    assert.deepEqual(await file.read(), { value: 5 });
    assert.deepEqual(await readdir(folder), ["state.json"]);
  });

  test("a damaged or oversized file is taken as empty, and said", async () => {
    await writeFile(path, '{"a":');
    assert.match((await jsonFile(path, 1000).read()).warning ?? "", /state\.json is damaged/);
    await writeFile(path, JSON.stringify("x".repeat(2000)));
    assert.match((await jsonFile(path, 1000).read()).warning ?? "", /larger than 1000 bytes/);
  });

  test("what cannot be read for another reason is not taken as empty", async () => {
    await assert.rejects(jsonFile(folder, 100_000).read(), { code: "EISDIR" });
  });
});
