import assert from "node:assert/strict";
import { test } from "node:test";
import type { Documents } from "../../src/model/documents.ts";
import {
  emptyInventory,
  emptyRecord,
  type AppRecord,
  type Inventory,
  type Mark,
} from "../../src/model/inventory.ts";
import { currentNames, moveRecords, renamesOf } from "../../src/plan/renames.ts";

const mark = (revision: string, at = "1"): Mark => ({
  revision,
  inputDigest: "i",
  imageDigest: "d",
  reason: "",
  at,
});

/** Declared families, each with what it is renamed from; "": nothing. */
const declared = (families: Readonly<Record<string, string>>): Pick<Documents, "families"> => ({
  families: new Map(
    Object.entries(families).map(([family, renamedFrom]) => [
      family,
      {
        file: renamedFrom === "" ? {} : { renamedFrom },
        at: () => ({ file: "", line: 1, col: 1 }),
      },
    ]),
  ),
});

type Records = Readonly<Record<string, Partial<AppRecord>>>;

const inventory = (records: Records, machine = "m1"): Inventory => ({
  ...emptyInventory("acme", machine),
  apps: Object.fromEntries(
    Object.entries(records).map(([family, record]) => [family, { ...emptyRecord, ...record }]),
  ),
});

const machines = (...all: readonly Records[]): ReadonlyMap<string, Inventory> =>
  new Map(all.map((records, i) => [`m${i + 1}`, inventory(records, `m${i + 1}`)]));

const good = { good: mark("r1") };

const cases: readonly (readonly [
  says: string,
  families: Readonly<Record<string, string>>,
  records: readonly Records[],
  former: Readonly<Record<string, readonly string[]>>,
  links?: Readonly<Record<string, string>>,
])[] = [
  ["nothing was renamed", { a: "" }, [{ a: good }], {}],
  ["as it says", { b: "a" }, [{ a: good }], { b: ["a"] }],
  [
    "as a machine remembers, when the line has gone",
    { b: "" },
    [{ b: { ...good, formerly: ["a"] } }],
    { b: ["a"] },
  ],
  ["twice in a row", { c: "b" }, [{ b: { ...good, formerly: ["a"] } }], { c: ["b", "a"] }],
  [
    "twice, where one machine was away during the first",
    { c: "b" },
    [{ b: { ...good, formerly: ["a"] } }, { a: good }],
    { c: ["b", "a"] },
  ],
  ["twice between two passes", { c: "b" }, [{ a: good }], { c: ["b", "a"] }, { b: "a" }],
  ["back, by a revert", { a: "" }, [{ b: { ...good, formerly: ["a"] } }], { a: ["b"] }],
  ["back by one of two", { b: "a" }, [{ c: { ...good, formerly: ["b", "a"] } }], { b: ["a", "c"] }],
  ["back by two at once", { a: "" }, [{ c: { ...good, formerly: ["b", "a"] } }], { a: ["c", "b"] }],
  [
    "a failed try that is reverted",
    { a: "" },
    [{ b: { failed: mark("r2"), formerly: ["a"] } }],
    { a: ["b"] },
  ],
  [
    "an app of that name that comes long after is another",
    { a: "" },
    [{ b: { formerly: ["a"] } }],
    {},
  ],
  [
    "an app of that name beside the renamed one is another",
    { a: "", b: "" },
    [{ b: { ...good, formerly: ["a"] } }],
    {},
  ],
  [
    "a name that another app had before it is that one's",
    { b: "", c: "a" },
    [{ b: { ...good, formerly: ["a"] } }],
    { b: ["a"] },
  ],
  [
    "in circles",
    { a: "b" },
    [{ a: { ...good, formerly: ["b"] }, b: { formerly: ["a"] } }],
    { a: ["b"] },
  ],
];

for (const [says, families, records, former, links = {}] of cases) {
  test(`names before: ${says}`, () => {
    const renames = renamesOf(
      declared(families),
      machines(...records),
      new Map(Object.entries(links)),
    );
    assert.deepEqual(Object.fromEntries(renames.former), former);
    for (const [family, names] of Object.entries(former))
      for (const name of names) assert.equal(currentNames(renames).get(name), family);
  });
}

test("names that were taken again are known still, and are nobody's former ones", () => {
  const renames = renamesOf(
    declared({ a: "", b: "" }),
    machines({ b: { ...good, formerly: ["a"] } }),
  );
  assert.deepEqual([renames.past.get("b"), renames.former.get("b")], [["a"], undefined]);
});

const move = (families: Readonly<Record<string, string>>, records: Records): Inventory["apps"] => {
  const before = inventory(records);
  return moveRecords(before, renamesOf(declared(families), new Map([["m1", before]]))).apps;
};

test("marks, images and releases follow", () => {
  const record = { ...good, failed: mark("r2", "2"), images: { "shop:1": "x" }, releases: ["r"] };
  assert.deepEqual(move({ b: "a" }, { a: record, other: good }), {
    other: { ...emptyRecord, ...good },
    b: { ...record, formerly: ["a"], as: "a" },
  });
});

test("through two renames, and back, files keep the name that they were made with", () => {
  const once = move({ b: "a" }, { a: good });
  const twice = move({ c: "b" }, once);
  assert.deepEqual([twice["c"]?.formerly, twice["c"]?.as], [["b", "a"], "a"]);
  const back = move({ a: "" }, twice);
  assert.deepEqual(Object.keys(back), ["a"]);
  assert.equal(back["a"]?.as, "a");
  assert.deepEqual(back["a"]?.formerly, ["c", "b"]);
});

test("moving twice is moving once", () => {
  const once = move({ c: "b" }, { b: { ...good, formerly: ["a"] } });
  assert.deepEqual(move({ c: "b" }, once), once);
  assert.deepEqual(move({ c: "" }, once), once);
});

test("what was tried under the new name is newer than what was good under the old", () => {
  const apps = move(
    { b: "a" },
    { a: { ...good, images: { t: "1" } }, b: { failed: mark("r2", "2"), images: { t: "2" } } },
  );
  const { good: kept, failed, images } = apps["b"] ?? emptyRecord;
  assert.deepEqual([kept?.revision, failed?.revision, images], ["r1", "r2", { t: "2" }]);
});

test("what failed before another was proven is over", () => {
  const apps = move({ b: "a" }, { a: { failed: mark("r1", "1") }, b: { good: mark("r2", "2") } });
  assert.deepEqual([apps["b"]?.good?.revision, apps["b"]?.failed], ["r2", undefined]);
});

test("an app that runs does not take up what one of its former name left behind", () => {
  const left = { images: { t: "1" } };
  assert.deepEqual(move({ b: "a" }, { a: left, b: good })["b"], { ...emptyRecord, ...good });
  assert.deepEqual(move({ b: "a" }, { a: left })["b"]?.as, "a", "one that is new does");
});

test("a machine that has nothing of it stays as it is", () => {
  const records = { other: good };
  assert.deepEqual(move({ b: "a" }, records), inventory(records).apps);
  assert.deepEqual(move({ b: "a" }, { b: good }), inventory({ b: good }).apps);
});
