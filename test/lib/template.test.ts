import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { templateParts } from "../../src/lib/template.ts";

const parts: readonly (readonly [string, ReturnType<typeof templateParts>])[] = [
  ["", []],
  ["plain", ["plain"]],
  ["${KEY}", [{ ref: "KEY" }]],
  ["a${ b.C }d", ["a", { ref: "b.C" }, "d"]],
  ["${A}${tls/x.key.age}", [{ ref: "A" }, { ref: "tls/x.key.age" }]],
  ["$$", ["$"]],
  ["$${A}", ["${A}"]],
  ["$$${A}", ["$", { ref: "A" }]],
  ["$HOME and $1 $", ["$HOME and $1 $"]],
  ["}{ {A}", ["}{ {A}"]],
];

for (const [text, wanted] of parts)
  test(`${JSON.stringify(text)} in its parts`, () => {
    assert.deepEqual(templateParts(text), wanted);
  });

const faults: readonly (readonly [string, number])[] = [
  ["a${A", 1],
  ["${}", 0],
  ["${A B}", 0],
  ["${A:-none}", 0],
  ["x${\nA}", 1],
  ["${${A}}", 0],
  ["${A}${../x}", 4],
];

for (const [text, at] of faults)
  test(`${JSON.stringify(text)} is a mistake`, () => {
    const found = templateParts(text);
    assert.ok("why" in found);
    assert.equal(found.at, at);
    assert.match(found.why, /\$\$/);
  });

test("what is escaped stands for itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const found = templateParts(text.replaceAll("$", "$$$$"));
      assert.deepEqual(found, text === "" ? [] : [text]);
    }),
  );
});
