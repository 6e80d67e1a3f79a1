import assert from "node:assert/strict";
import { test } from "node:test";
import {
  emptyInventory,
  emptyRecord,
  type AppRecord,
  type Mark,
} from "../../src/model/inventory.ts";
import type { OnFailure } from "../../src/model/plan.ts";
import { decide, type MarkFacts } from "../../src/plan/marks.ts";

const mark = (revision: string, inputDigest: string, at = "2026-01-01T00:00:00.000Z"): Mark => ({
  revision,
  inputDigest,
  imageDigest: "i",
  reason: "not healthy",
  at,
});

const inventories = (records: Record<string, Partial<AppRecord>>) =>
  new Map(
    Object.entries(records).map(([machine, record]) => [
      machine,
      { ...emptyInventory("acme", machine), apps: { shop: { ...emptyRecord, ...record } } },
    ]),
  );

const shop = (onFailure: OnFailure = "revert") => ({
  family: "shop",
  machines: ["m1", "m2"],
  inputDigest: (machine: string) => `now on ${machine}`,
  onFailure,
});

const never: MarkFacts = { isRetried: () => false, isFormer: () => true };

const cases: readonly [string, Record<string, Partial<AppRecord>>, OnFailure, string][] = [
  ["nothing known", {}, "revert", "go"],
  ["good before", { m1: { good: mark("r1", "then") } }, "revert", "go"],
  [
    "another input failed",
    { m1: { good: mark("r1", "then"), failed: mark("r2", "other on m1") } },
    "revert",
    "go",
  ],
  [
    "this input failed",
    { m1: { good: mark("r1", "then"), failed: mark("r2", "now on m1") } },
    "revert",
    "return",
  ],
  [
    "failed as another machine remembers",
    { m1: { good: mark("r1", "then") }, m2: { failed: mark("r2", "now on m2") } },
    "revert",
    "return",
  ],
  ["failed, nothing good", { m1: { failed: mark("r2", "now on m1") } }, "revert", "freeze"],
  [
    "failed, told to halt",
    { m1: { good: mark("r1", "then"), failed: mark("r2", "now on m1") } },
    "halt",
    "freeze",
  ],
  [
    "failed on all at once, told to continue",
    { m1: { good: mark("r1", "then"), failed: mark("r2", "now on m1") } },
    "continue",
    "freeze",
  ],
  [
    "a digest under another machine's key says nothing",
    { m1: { failed: mark("r2", "now on m2") } },
    "revert",
    "go",
  ],
];

for (const [name, records, onFailure, wanted] of cases) {
  test(`marks: ${name}`, () => {
    assert.equal(decide(shop(onFailure), inventories(records), never).state, wanted);
  });
}

test("asked for another try, it is tried", () => {
  const records = inventories({
    m1: { good: mark("r1", "then"), failed: mark("r2", "now on m1") },
  });
  assert.equal(
    decide(shop(), records, { ...never, isRetried: (m) => m.revision === "r2" }).state,
    "go",
  );
});

test("the newest good mark is the one to return to", () => {
  const records = inventories({
    m1: { good: mark("r1", "x", "2026-01-01T00:00:00.000Z"), failed: mark("r3", "now on m1") },
    m2: { good: mark("r2", "y", "2026-01-02T00:00:00.000Z") },
  });
  const decision = decide(shop(), records, never);
  assert.equal(decision.good?.revision, "r2");
});

test("marks: what failed is what worked before: it is healed, but not twice in one pass", () => {
  const records = inventories({
    m1: { good: mark("r1", "now on m1"), failed: mark("r2", "now on m1") },
  });
  assert.equal(decide(shop(), records, never).state, "go");
  const inThisPass = { ...never, isFormer: () => false };
  assert.equal(decide(shop(), records, inThisPass).state, "freeze");
});

const alone = (machine: string, revision = "r2"): Mark => ({
  ...mark(revision, `now on ${machine}`),
  alone: true,
});

const apartIn = (
  records: Record<string, Partial<AppRecord>>,
  facts: Partial<MarkFacts> = {},
): readonly string[] => {
  const decision = decide(shop("continue"), inventories(records), { ...never, ...facts });
  assert.equal(decision.state, "go");
  return [...(decision.state === "go" ? (decision.apart ?? []) : [])].map(
    ([machine, { everWorked }]) => `${machine} ${everWorked ? "worked" : "never worked"}`,
  );
};

test("what failed alone on a machine is left there, and tried everywhere else", () => {
  const good = mark("r1", "then");
  assert.deepEqual(apartIn({ m1: { good, failed: alone("m1") }, m2: { good } }), ["m1 worked"]);
  assert.deepEqual(apartIn({ m1: { failed: alone("m1") } }), ["m1 never worked"]);
  assert.deepEqual(apartIn({ m3: { failed: alone("m3") } }), [], "it has left that machine");
  assert.deepEqual(apartIn({ m1: { failed: mark("r2", "other on m1") } }), [], "another input");
  const retried = { isRetried: () => true };
  assert.deepEqual(apartIn({ m1: { failed: alone("m1") } }, retried), [], "asked for again");
});

test("what failed alone and had worked there is healed, but not twice in one pass", () => {
  const record = { good: mark("r1", "now on m1"), failed: alone("m1") };
  assert.deepEqual(apartIn({ m1: record }), []);
  assert.deepEqual(apartIn({ m1: record }, { isFormer: () => false }), ["m1 worked"]);
});
