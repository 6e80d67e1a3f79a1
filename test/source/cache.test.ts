import assert from "node:assert/strict";
import { copyFile, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { textOf, trouble, Workshop, type Served } from "./workshop.ts";

/** The cache's bare repository, by the only name that it has in the state folder. */
async function cacheOf(shop: Workshop, name = "branch.git"): Promise<string> {
  const folder = join(shop.dir, "state", "source");
  const [key = ""] = await readdir(folder);
  return join(folder, key, "cache", name);
}

async function packs(gitdir: string, ending: string): Promise<readonly string[]> {
  const folder = join(gitdir, "objects", "pack");
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

async function pushed(served: Served): Promise<string> {
  const head = await served.work.commit(`c${Math.random()}`, {
    "a.txt": "content\n".repeat(50),
    "dir/b.txt": "other\n".repeat(50),
  });
  await served.work.git("push", "-q", "origin", "main");
  return head;
}

const damages: readonly (readonly [what: string, damage: (gitdir: string) => Promise<void>])[] = [
  ["a pack cut short", async (dir) => truncateAll(await packs(dir, ".pack"), 60)],
  ["an empty pack", async (dir) => truncateAll(await packs(dir, ".pack"), 0)],
  ["an index cut short", async (dir) => truncateAll(await packs(dir, ".idx"), 1100)],
  ["an empty index", async (dir) => truncateAll(await packs(dir, ".idx"), 0)],
  ["an empty ref", (dir) => writeFile(join(dir, "refs/slipway/tracked"), "")],
  ["a ref to nothing", (dir) => writeFile(join(dir, "refs/slipway/tracked"), "1".repeat(40))],
  ["a wrong shallow file", (dir) => writeFile(join(dir, "shallow"), `${"2".repeat(40)}\n`)],
  ["garbage for a shallow file", (dir) => writeFile(join(dir, "shallow"), "garbage\n\n\0")],
  ["no shallow file", (dir) => writeFile(join(dir, "shallow"), "")],
  ["an empty configuration", (dir) => writeFile(join(dir, "config"), "")],
];

async function truncateAll(files: readonly string[], size: number): Promise<void> {
  assert.notEqual(files.length, 0);
  for (const file of files) await truncate(file, size);
}

describe("a damaged cache is built anew:", () => {
  for (const [what, damage] of damages) {
    it(what, async () => {
      await using shop = await Workshop.open();
      const served = await shop.server();
      const first = await pushed(served);
      const former = await served.open();
      await former.snapshot();
      await former.close();
      await damage(await cacheOf(shop));

      const source = await served.open();
      assert.match(await textOf(await source.snapshot(first), "dir/b.txt"), /^other/);
      await damage(await cacheOf(shop));
      const second = await pushed(served);
      assert.equal(await source.head(), second);
      assert.match(await textOf(await source.snapshot(), "a.txt"), /^content/);
      assert.equal(await source.descends(first, second), true);
      assert.deepEqual(
        (await source.recent(10)).map((commit) => commit.revision),
        [second, first],
      );
    });
  }
});

describe("the cache", () => {
  it("may go while it is in use", async () => {
    await using shop = await Workshop.open();
    const served = await shop.server();
    const first = await pushed(served);
    const source = await served.open();
    await source.head();
    const snapshot = await source.snapshot(first);
    await truncateAll(await packs(await cacheOf(shop), ".pack"), 0);
    const second = await pushed(served);
    assert.match(await textOf(snapshot, "a.txt"), /^content/);
    assert.equal(await source.head(), second);
  });

  it("says what is wrong when the server cannot help", async () => {
    await using shop = await Workshop.open();
    const served = await shop.server();
    const head = await pushed(served);
    const source = await served.open();
    await source.head();
    await truncateAll(await packs(await cacheOf(shop), ".pack"), 0);
    served.git.fault("500");
    await assert.rejects(source.snapshot(head), trouble("unreachable", /HTTP 500/));
    served.git.fault(undefined);
    assert.equal((await source.snapshot(head)).revision, head);
  });

  it("is packed together after many fetches, and keeps its past within reach", async () => {
    await using shop = await Workshop.open();
    const served = await shop.server();
    const first = await pushed(served);
    const source = await served.open();
    await source.head();
    const cache = await cacheOf(shop);
    const [pack = "", index = ""] = [
      ...(await packs(cache, ".pack")),
      ...(await packs(cache, ".idx")),
    ];
    for (let i = 10; i < 62; i += 1) {
      const name = join(cache, "objects", "pack", `pack-${String(i).repeat(20)}`);
      await copyFile(pack, `${name}.pack`);
      await copyFile(index, `${name}.idx`);
    }
    const second = await pushed(served);
    assert.equal(await source.head(), second);
    assert.equal((await packs(cache, ".pack")).length, 1);
    assert.match(await textOf(await source.snapshot(first), "a.txt"), /^content/);
    assert.equal(await source.descends(first, second), true);
  });

  it("is one process's at a time; another one makes do with one of its own", async () => {
    await using shop = await Workshop.open();
    const served = await shop.server();
    const head = await pushed(served);
    const [one, other] = [await served.open(), await served.open()];
    assert.deepEqual(await Promise.all([one.head(), other.head()]), [head, head]);
    const folder = join(await cacheOf(shop), "..", "..");
    const scratch = async (): Promise<number> =>
      (await readdir(folder)).filter((name) => name.startsWith("scratch-")).length;
    assert.equal(await scratch(), 1);
    await other.close();
    assert.equal(await scratch(), 0);
  });

  it("that a killed process held is taken over", async () => {
    await using shop = await Workshop.open();
    const served = await shop.server();
    const head = await pushed(served);
    const former = await served.open();
    await former.head();
    await former.close();
    const folder = join(await cacheOf(shop), "..", "..");
    await writeFile(join(folder, "lock"), "1.12345");
    const source = await served.open();
    const before = served.git.requests.length;
    assert.equal((await source.snapshot()).revision, head);
    assert.equal(served.git.requests.length - before, 1, "nothing is fetched again");
  });
});
