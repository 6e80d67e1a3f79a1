import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { splitWords, WordsError, wordsOf } from "../../src/lib/words.ts";

test("a command string is split without a shell", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["   ", []],
    ["serve", ["serve"]],
    ["  serve  --port\t8080\n", ["serve", "--port", "8080"]],
    [`sh -c 'echo "$HOME" | wc'`, ["sh", "-c", `echo "$HOME" | wc`]],
    [`a "b c" d`, ["a", "b c", "d"]],
    [`a"b c"'d e'f`, ["ab cd ef"]],
    [`'' ""`, ["", ""]],
    [`a\\ b`, ["a b"]],
    [`"a\\"b\\\\c\\$d\\ne"`, [`a"b\\c$d\\ne`]],
    [`'a\\b'`, ["a\\b"]],
    ["$HOME *.txt; rm", ["$HOME", "*.txt;", "rm"]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(splitWords(text), expected, text);
});

test("what is not closed is an error", () => {
  for (const text of [`a 'b`, `a "b`, `a\\`, `"a\\"`])
    assert.throws(() => splitWords(text), WordsError, text);
});

test("a list is taken as it is", () => {
  assert.deepEqual(wordsOf(["a b", "'"]), ["a b", "'"]);
  assert.deepEqual(wordsOf("a 'b c'"), ["a", "b c"]);
});

test("words that are quoted come back the same", () => {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
      assert.deepEqual(splitWords(words.map(quoted).join(" ")), words);
    }),
  );
});
