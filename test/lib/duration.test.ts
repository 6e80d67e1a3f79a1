import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatDuration, parseDuration } from "../../src/lib/duration.ts";

test("durations are read as milliseconds", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["500ms", 500],
    ["5s", 5_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["", undefined],
    ["5", undefined],
    ["s", undefined],
    ["1.5s", undefined],
    ["-1s", undefined],
    ["5 s", undefined],
    ["1m30s", undefined],
    ["5S", undefined],
    ["1234567890s", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
});

test("a formatted duration reads back the same", () => {
  fc.assert(fc.property(fc.nat(900_000_000), (ms) => parseDuration(formatDuration(ms)) === ms));
});
