import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyInventory, type Inventory, type Mark } from "../../src/model/inventory.ts";
import {
  isUnchangedOn,
  keptPolicies,
  keptRevisions,
  waitingFamilies,
  type WaitingInput,
} from "../../src/pass/waiting.ts";
import type { Decision } from "../../src/plan/marks.ts";
import { mark, rev } from "./facts.ts";

const good = mark(rev("1"));
const failed = mark(rev("2"));
const states = {
  go: { state: "go", good },
  first: { state: "go" },
  returned: { state: "return", failed, good },
  "gave up": { state: "freeze", failed, why: "nothing to return to" },
  halted: { state: "freeze", failed, good, why: "halted" },
} as const satisfies Record<string, Decision>;

/** `api: db` is after db; families are declared in the order given. */
function waits(
  families: Readonly<Record<string, keyof typeof states>>,
  after: Readonly<Record<string, string>>,
  more: Partial<WaitingInput> = {},
): Readonly<Record<string, string>> {
  const policy = { onFailure: "revert", batch: 1, drift: "heal" } as const;
  const input: WaitingInput = {
    decisions: new Map(Object.entries(families).map(([f, state]) => [f, states[state]])),
    policies: new Map(
      Object.keys(families).map((f) => [f, { ...policy, after: after[f]?.split(" ") ?? [] }]),
    ),
    isBarred: () => false,
    isBehind: () => false,
    isUnchanged: () => false,
    ...more,
  };
  return Object.fromEntries(waitingFamilies(input));
}

for (const state of ["returned", "gave up", "halted"] as const)
  test(`what changes waits for what it is after while that is ${state}`, () => {
    assert.deepEqual(waits({ api: "go", db: state }, { api: "db" }), { api: "db" });
    assert.deepEqual(waits({ api: "first", db: state }, { api: "db" }), { api: "db" });
  });

test("it waits for none that is at what is declared", () => {
  assert.deepEqual(waits({ api: "go", db: "go" }, { api: "db" }), {});
  assert.deepEqual(waits({ api: "go", db: "first" }, { api: "db" }), {});
});

test("it waits for what waits itself, in whatever order they are declared", () => {
  const chain = { web: "api", api: "db" };
  assert.deepEqual(waits({ db: "gave up", api: "first", web: "first" }, chain), {
    api: "db",
    web: "api",
  });
  assert.deepEqual(waits({ web: "first", api: "first", db: "gave up" }, chain), {
    web: "api",
    api: "db",
  });
});

test("it waits for one whose image cannot be named", () => {
  const isBarred = (family: string): boolean => family === "db";
  assert.deepEqual(waits({ api: "go", db: "go" }, { api: "db" }, { isBarred }), { api: "db" });
});

test("it waits for one that a freeze keeps back, which waits for nobody itself", () => {
  const isBehind = (family: string): boolean => family === "db";
  assert.deepEqual(waits({ api: "go", db: "go" }, { api: "db" }, { isBehind }), { api: "db" });
  assert.deepEqual(waits({ db: "go", net: "gave up" }, { db: "net" }, { isBehind }), {});
});

test("what does not change itself is kept up, and what is held waits for its own mark", () => {
  const isUnchanged = (family: string): boolean => family === "api";
  assert.deepEqual(waits({ api: "go", db: "returned" }, { api: "db" }, { isUnchanged }), {});
  assert.deepEqual(waits({ api: "returned", db: "returned" }, { api: "db" }), {});
});

test("what waits and worked before is kept up at that revision, and waits for nobody then", () => {
  const waiting = new Map([
    ["api", "db"],
    ["web", "api"],
  ]);
  const decisions = new Map<string, Decision>([
    ["api", states.go],
    ["web", states.first],
  ]);
  assert.deepEqual([...keptRevisions(waiting, decisions)], [["api", good.revision]]);
  const policy = { onFailure: "revert", batch: 1, drift: "heal" } as const;
  const policies = new Map([
    ["api", { ...policy, after: ["db"] }],
    ["web", { ...policy, after: ["api"] }],
  ]);
  const afters = [...keptPolicies(policies, new Set(["api"]))].map(([f, { after }]) => [f, after]);
  assert.deepEqual(afters, [
    ["api", []],
    ["web", ["api"]],
  ]);
});

const inventoryWith = (own: string | undefined): Inventory => {
  const proven: Mark = own === undefined ? good : { ...good, own };
  return {
    ...emptyInventory("acme", "web-1"),
    apps: { api: { good: proven, images: {}, releases: [] } },
  };
};

test("it is unchanged where its own input was proven on each machine that answers", () => {
  const isUnchanged = (own: string | undefined, digest: string | undefined): boolean =>
    isUnchangedOn("api", ["web-1"], new Map([["web-1", inventoryWith(own)]]), () => digest);
  assert.equal(isUnchanged("a", "a"), true);
  assert.equal(isUnchanged("a", "b"), false);
  assert.equal(isUnchanged(undefined, "a"), false, "written before there was such a digest");
  assert.equal(isUnchanged("a", undefined), true, "a machine that does not answer");
  assert.equal(
    isUnchangedOn("api", ["web-2"], new Map(), () => "a"),
    false,
  );
});
