import assert from "node:assert/strict";
import { test } from "node:test";
import { countHeals, noHeals, suspended } from "../../src/daemon/heals.ts";

const minute = 60_000;

test("five heals in five minutes stop the healing of that resource, and of no other", () => {
  let heals = noHeals;
  for (let i = 0; i < 4; i++) heals = countHeals(heals, ["a", "b"], i * 1_000);
  assert.deepEqual([...suspended(heals, 4_000)], []);
  heals = countHeals(heals, ["a"], 4_000);
  assert.deepEqual([...suspended(heals, 5_000)], ["a"]);
});

test("after five quiet minutes it is healed again", () => {
  let heals = noHeals;
  for (let i = 0; i < 5; i++) heals = countHeals(heals, ["a"], i);
  assert.equal(suspended(heals, 5 * minute - 1).size, 1);
  assert.equal(suspended(heals, 5 * minute + 10).size, 0);
});

test("what is long past is forgotten", () => {
  const heals = countHeals(countHeals(noHeals, ["a"], 0), ["b"], 6 * minute);
  assert.deepEqual([...heals.at.keys()], ["b"]);
});
