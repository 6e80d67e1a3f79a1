import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, editDistance, suggest } from "../../src/lib/suggest.ts";

test("the distance counts inserts, deletes, replaces and swaps", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["image", "image", 0],
    ["imagee", "image", 1],
    ["imge", "image", 1],
    ["imaeg", "image", 1],
    ["hots", "host", 1],
    ["amachine", "machines", 2],
    ["a", "zzzzzzzz", 4],
  ];
  for (const [a, b, expected] of cases) assert.equal(editDistance(a, b, 3), expected, `${a} ${b}`);
});

test("the nearest candidate is suggested, if one is near", () => {
  const keys = ["image", "machines", "health", "env", "port"];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["imagee", "image"],
    ["Image", "image"],
    ["machine", "machines"],
    ["helath", "health"],
    ["evn", "env"],
    ["entirely-different", undefined],
    ["", undefined],
    ["x".repeat(1_000), undefined],
  ];
  for (const [word, expected] of cases) assert.equal(suggest(word, keys), expected, word);
  assert.equal(didYouMean("evn", keys), " (did you mean 'env'?)");
  assert.equal(didYouMean("zzz", []), "");
});
