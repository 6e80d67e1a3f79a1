import assert from "node:assert/strict";
import { test } from "node:test";
import { blockAt, lineBefore } from "../../src/cli/line-history.ts";

const cases: readonly (readonly [
  before: string,
  after: string,
  line: number,
  was: number | undefined,
])[] = [
  ["a b c", "a b c", 2, 2],
  ["a b c", "x a b c", 3, 2],
  ["x a b c", "a b c", 2, 3],
  ["a b c", "a x c", 2, undefined],
  ["a b c", "a x c", 3, 3],
  ["a b c d e", "a x b y e", 3, 2],
  ["a b c d e", "a x b y e", 4, undefined],
  ["", "a b", 1, undefined],
];

for (const [before, after, line, was] of cases) {
  test(`line ${line} of '${after}' was line ${was ?? "none"} of '${before}'`, () => {
    assert.equal(lineBefore(before.split(" "), after.split(" "), line), was);
  });
}

test("what is too long to compare is taken for changed, but not what stands around it", () => {
  const many = (word: string): readonly string[] => Array.from({ length: 2000 }, () => word);
  const [before, after] = [
    ["a", ...many("x"), "z"],
    ["a", ...many("y"), "z"],
  ];
  assert.equal(lineBefore(before, after, 1000), undefined);
  assert.deepEqual([lineBefore(before, after, 1), lineBefore(before, after, 2002)], [1, 2002]);
});

test("a key ends where another of its depth or less begins", () => {
  const lines = ["env:", "  A: 1", "", "  B: 2", "files:", "  /a: a", ""];
  assert.equal(blockAt(lines, 1), "env:\n  A: 1\n\n  B: 2");
  assert.equal(blockAt(lines, 4), "  B: 2");
  assert.equal(blockAt(lines, 5), "files:\n  /a: a");
});
