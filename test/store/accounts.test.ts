import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Secret } from "../../src/model/secret.ts";
import { accountsIn, maxAccountsBytes } from "../../src/store/accounts.ts";
import { openStateDir } from "../../src/store/state-dir.ts";

test("accounts are kept by directory, for their owner alone, and a damaged file is none", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "accounts-"));
  t.after(() => rm(folder, { recursive: true }));
  const state = await openStateDir(folder);
  const accounts = accountsIn(state.file("accounts.json", maxAccountsBytes));
  const [one, other] = ["https://ca.example/dir", "https://staging.example/dir"];
  assert.equal(await accounts.read(one), undefined);
  await accounts.write(one, new Secret("a", "first"));
  await accounts.write(other, new Secret("b", "second"));
  await accounts.write(one, new Secret("c", "third"));
  const texts = await Promise.all([one, other].map((at) => accounts.read(at)));
  assert.deepEqual(
    texts.map((key) => key?.revealText()),
    ["third", "second"],
  );
  const path = join(folder, "accounts.json");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.match(await readFile(path, "utf8"), /"version":1/);
  for (const text of ["{", "[]", '{"accounts":{"https://ca.example/dir":1}}']) {
    await writeFile(path, text);
    assert.equal(await accounts.read(one), undefined);
  }
});
