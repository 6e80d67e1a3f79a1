import assert from "node:assert/strict";
import { test } from "node:test";
import { backOffMs } from "../../src/remote/backoff.ts";

const cases = [
  { failures: 1, random: 0, ms: 250 },
  { failures: 1, random: 1, ms: 500 },
  { failures: 2, random: 1, ms: 1000 },
  { failures: 7, random: 1, ms: 30_000 },
  { failures: 5000, random: 1, ms: 30_000 },
  { failures: 5000, random: 0, ms: 15_000 },
];
for (const { failures, random, ms } of cases) {
  test(`after ${failures} failures, by ${random}: ${ms} ms`, () =>
    assert.equal(backOffMs(failures, random), ms));
}
