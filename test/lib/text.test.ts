import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  columnsOf,
  cutAtWord,
  cutToColumns,
  listed,
  printableLine,
  printableLines,
} from "../../src/lib/text.ts";

/** Text with all that terminals and readers can be fooled by. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "\u001b",
      "[",
      "]",
      "31m",
      "2J",
      "0;title\u0007",
      "\u009b",
      "\r",
      "\n",
      "\t",
      "\u0000",
      "\u202e",
      "\u2066",
      "\u200b",
      "\ufeff",
      "\u2028",
      "\ud800",
      "a",
      " ",
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
});

/** Whether anything in it is obeyed rather than shown. */
const isObeyed = (text: string): boolean =>
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{feff}\u{200b}]/u.test(text);

suite("text of others", () => {
  test("a printable line holds nothing that is obeyed, and printing it again changes nothing", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = printableLine(text);
        assert.ok(!isObeyed(line), JSON.stringify(line));
        assert.equal(printableLine(line), line);
        for (const one of printableLines(text)) assert.ok(!isObeyed(one));
      }),
    );
  });

  const lines: readonly [string, string][] = [
    ["\u001b[32mINFO\u001b[0m started", "INFO started"],
    ["\u001b]0;owned\u0007ok", "ok"],
    ["a\u001b", "a\\x1b"],
    ["rm\u202efdp.exe", "rm\\u{202e}fdp.exe"],
    ["one\r\n\ttwo\n", "one two"],
    ["naïve 漢字 👩‍💻", "naïve 漢字 👩‍💻"],
  ];
  for (const [text, expected] of lines) {
    test(JSON.stringify(text), () => assert.equal(printableLine(text), expected));
  }

  test("a cut keeps to its limit, ends between words where it can, and never inside a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(60), (text, limit) => {
        const cut = cutAtWord(text, limit);
        assert.ok(cut.length <= limit || cut === text);
        assert.ok(cut.isWellFormed());
        if (text.length <= limit) assert.equal(cut, text);
      }),
    );
    assert.equal(cutAtWord("one two three", 9), "one two…");
    assert.equal(cutAtWord("one two, three", 10), "one two…");
    assert.equal(cutAtWord("onetwothreefour", 9), "onetwoth…");
    assert.equal(cutAtWord("one two", 7), "one two");
  });

  test("columns are counted and cut as a terminal does", () => {
    assert.deepEqual(["abc", "漢字", "e\u0301", "🚢", ""].map(columnsOf), [3, 4, 1, 2, 0]);
    assert.equal(cutToColumns("漢字漢字", 5), "漢字…");
    assert.equal(cutToColumns("abcdef", 4), "abc…");
    assert.equal(cutToColumns("abcd", 4), "abcd");
  });

  test("lists are short", () => {
    assert.deepEqual(
      [[], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d", "e", "f"]].map((l) =>
        listed(l),
      ),
      ["", "a", "a and b", "a, b and c", "a, b, c, d and 2 more"],
    );
  });
});
