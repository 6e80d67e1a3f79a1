import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatSize, parseSize } from "../../src/lib/size.ts";

test("sizes are read as bytes, by powers of 1024", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["100b", 100],
    ["64k", 65_536],
    ["512m", 536_870_912],
    ["2g", 2_147_483_648],
    ["1t", 1_099_511_627_776],
    ["0m", 0],
  ];
  for (const [text, expected] of cases) assert.equal(parseSize(text), expected, text);
});

test("anything else is refused", () => {
  for (const text of ["", "512", "512M", "512mb", "0.5g", "-1m", "999999999999t"]) {
    assert.throws(() => parseSize(text), RangeError, text);
  }
});

test("a formatted size reads back the same", () => {
  fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
});
