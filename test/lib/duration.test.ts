import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatDuration, parseDuration } from "../../src/lib/duration.ts";

test("durations are read as milliseconds", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["500ms", 500],
    ["5s", 5_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ];
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
});

test("anything else is refused", () => {
  for (const text of ["", "5", "s", "1.5s", "-1s", "5 s", "1m30s", "5S", "1234567890s"]) {
    assert.throws(() => parseDuration(text), RangeError, text);
  }
});

test("a formatted duration reads back the same", () => {
  fc.assert(fc.property(fc.nat(900_000_000), (ms) => parseDuration(formatDuration(ms)) === ms));
});
