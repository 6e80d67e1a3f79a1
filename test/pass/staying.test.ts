import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppDocument, Documents } from "../../src/model/documents.ts";
import { emptyInventory, type Inventory } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Plan } from "../../src/model/plan.ts";
import {
  guardedFamilies,
  lastRevisions,
  namelessFamilies,
  stayingApps,
} from "../../src/pass/staying.ts";
import { mark, rev } from "./facts.ts";

const app = (name: string, ...machines: string[]): AppDocument =>
  ({ name, family: name.split("-")[0], machines }) as unknown as AppDocument;

const documents = (...apps: AppDocument[]): Documents =>
  ({ apps: new Map(apps.map((a) => [a.name, a])) }) as unknown as Documents;

const held = (code: string, machine: string, family: string) => ({
  address: `machine/${machine}/app/${family}/container/1`,
  code,
  text: "",
  machine,
  family,
});

const seen = (isSeen: boolean): Observation =>
  (isSeen ? { facts: {} } : {}) as unknown as Observation;

const observations = new Map([
  ["m1", seen(true)],
  ["m2", seen(true)],
  ["m3", seen(false)],
]);

const placed = (apps: readonly AppDocument[]) => apps.map((a) => [a.name, ...a.machines].join(" "));

test("what a guard keeps is told by family and machine, and by nothing else that is held", () => {
  const plan = {
    held: [held("guard", "m1", "shop"), held("guard", "m2", "shop"), held("destroy", "m1", "db")],
  } as unknown as Plan;
  assert.deepEqual([...guardedFamilies(plan)], [["shop", new Set(["m1", "m2"])]]);
});

test("the revision that was proven last counts, of what nobody declares any more", () => {
  const inventory = (at: string, revision: string): Inventory => ({
    ...emptyInventory("acme", "m1"),
    apps: { shop: { good: { ...mark(revision), at }, images: {}, releases: [] } },
  });
  const inventories = new Map([
    ["m1", inventory("2030-01-02", rev("2"))],
    ["m2", inventory("2030-01-01", rev("1"))],
  ]);
  const made = (revision: string, createdAt: string) => ({ role: "current", revision, createdAt });
  const containers = new Map([
    ["shop/1", { family: "shop", containers: [made(rev("3"), "2030-01-03")] }],
    ["idle/1", { family: "idle", containers: [made(rev("4"), "2030"), made(rev("5"), "2031")] }],
  ]);
  const observation = {
    kinds: new Map([["app/container", { state: "present", value: containers }]]),
  } as unknown as Observation;
  const known = { inventories, observations: new Map([["m1", observation]]) };
  const guarded = new Map(["shop", "never", "idle"].map((f) => [f, new Set(["m1"])]));
  assert.deepEqual(
    [...lastRevisions(guarded, [], known)],
    [
      ["shop", rev("2")],
      ["idle", rev("5")],
    ],
    "of what was never proven, the one that made it",
  );
  assert.equal(lastRevisions(guarded, [app("shop", "m1")], known).has("shop"), false);
});

test("what was tried and never worked has no name to keep", () => {
  const records = {
    bad: { failed: mark(rev("1")), images: {}, releases: [] },
    back: { good: mark(rev("1")), failed: mark(rev("2")), images: {}, releases: [] },
    idle: { images: {}, releases: [] },
  };
  const inventories = new Map([["m1", { ...emptyInventory("acme", "m1"), apps: records }]]);
  const guarded = new Map(["bad", "back", "idle"].map((f) => [f, new Set(["m1"])]));
  assert.deepEqual([...namelessFamilies(guarded, inventories)], ["bad"]);
});

test("it stays where it is held, and where nobody knows, with all its services", () => {
  const guarded = new Map([["shop", new Set(["m1"])]]);
  const then = documents(app("shop", "m1", "m2", "m3", "m4"), app("shop-worker", "m1"), app("db"));
  const former = new Map([["shop", then]]);
  assert.deepEqual(placed(stayingApps(guarded, [], former, observations)), [
    "shop m1 m3",
    "shop-worker m1",
  ]);
});

test("what is declared elsewhere still is named there too, and a name that is taken again is not", () => {
  const guarded = new Map([["shop", new Set(["m1"])]]);
  assert.deepEqual(placed(stayingApps(guarded, [app("shop", "m2")], new Map(), observations)), [
    "shop m1 m2",
  ]);
  const other = { ...app("shop-worker", "m2"), family: "shop-worker" };
  const former = new Map([["shop", documents(app("shop", "m1"), app("shop-worker", "m1"))]]);
  assert.deepEqual(placed(stayingApps(guarded, [other], former, observations)), ["shop m1"]);
});

test("of what cannot be read any more nothing is told", () => {
  const guarded = new Map([["shop", new Set(["m1"])]]);
  assert.deepEqual(stayingApps(guarded, [], new Map(), observations), []);
});
