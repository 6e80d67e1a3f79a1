import assert from "node:assert/strict";
import { test } from "node:test";
import { createParseCache } from "../../src/load/load.ts";
import { emptyInventory, emptyRecord, type Inventory } from "../../src/model/inventory.ts";
import type { CommitInfo } from "../../src/model/snapshot.ts";
import { unknownLinks } from "../../src/pass/links.ts";
import { readRevision } from "../../src/pass/revision.ts";
import type { World } from "../../src/pass/world.ts";
import { SourceError, type Source } from "../../src/source/source.ts";
import { repo } from "../load/repos.ts";
import { snapshotOf } from "../support/repo.ts";
import { rev } from "./facts.ts";

/** App → what it is renamed from; "": nothing. */
type Apps = Readonly<Record<string, string>>;

/** A history of one commit after another, oldest first; `r1` is the first. */
function worldOf(history: readonly Apps[]): { world: World; readonly read: string[] } {
  const read: string[] = [];
  const revisions = history.map((_, i) => rev(String(i + 1)));
  const at = (revision: string): number => {
    const index = revisions.indexOf(revision);
    if (index < 0) throw new SourceError("missing", `no commit ${revision}`);
    return index;
  };
  const info = (revision: string): CommitInfo => ({
    revision,
    parents: [],
    message: "",
    author: "Ada",
    committedMs: 0,
  });
  const source: Partial<Source> = {
    snapshot: async (revision = "") => {
      read.push(revision);
      const files = Object.entries(history[at(revision)] ?? {}).map(([app, from]) => [
        `apps/${app}.yaml`,
        `image: a:1\n${from === "" ? "" : `renamedFrom: ${from}\n`}`,
      ]);
      return await Promise.resolve(snapshotOf(repo(Object.fromEntries(files)), { revision }));
    },
    commit: async (revision) => await Promise.resolve(info(revision)),
    between: async (from, to) =>
      await Promise.resolve(
        revisions
          .slice(from === undefined ? 0 : at(from) + 1, at(to) + 1)
          .toReversed()
          .map(info),
      ),
  };
  const world = { source, parseCache: createParseCache(), listener: () => undefined };
  return { world: world as unknown as World, read };
}

const knows = (revision: string, ...families: readonly string[]): Inventory => ({
  ...emptyInventory("acme", "m1"),
  revision,
  apps: Object.fromEntries(families.map((family) => [family, emptyRecord])),
});

async function linksOf(
  history: readonly Apps[],
  ...inventories: readonly Inventory[]
): Promise<{ readonly links: Readonly<Record<string, string>>; readonly read: number }> {
  const { world, read } = worldOf(history);
  const { documents } = await readRevision(world, rev(String(history.length)));
  assert.ok(documents !== undefined);
  const found = new Map(inventories.map((inventory, i) => [`m${i}`, inventory]));
  const links = await unknownLinks(world, documents, found);
  return { links: Object.fromEntries(links), read: read.length - 1 };
}

const twice: readonly Apps[] = [{ a: "" }, { b: "a" }, { c: "b" }];

test("a rename that no machine has seen is found in the commits since", async () => {
  assert.deepEqual(await linksOf(twice, knows(rev("1"), "a")), { links: { b: "a" }, read: 1 });
});

test("three in a row", async () => {
  const found = await linksOf([...twice, { c: "b" }, { d: "c" }], knows(rev("1"), "a"));
  assert.deepEqual(found.links, { c: "b", b: "a" });
});

test("nothing is looked for where a machine knows the former name, or the app itself", async () => {
  for (const known of ["b", "c"])
    assert.deepEqual(await linksOf(twice, knows(rev("1"), "a", known)), { links: {}, read: 0 });
});

test("nor where nothing was applied yet, or that commit has gone", async () => {
  assert.deepEqual(await linksOf(twice), { links: {}, read: 0 });
  assert.deepEqual(await linksOf(twice, knows(rev("9"), "a")), { links: {}, read: 0 });
});

test("a name that never was stays without", async () => {
  const found = await linksOf([{ a: "" }, { a: "" }, { a: "", c: "nobody" }], knows(rev("1"), "a"));
  assert.deepEqual(found, { links: {}, read: 1 });
});
