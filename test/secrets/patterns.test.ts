import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { Patterns } from "../../src/secrets/patterns.ts";

const patternsOf = (texts: readonly string[]): Patterns =>
  new Patterns(new Map(texts.map((text) => [text, `the name of ${text}`])));

/** What stands at a place, looked for one after the other. */
function longestOf(
  texts: readonly string[],
  text: string,
  at: number,
): ReturnType<Patterns["longestAt"]> {
  const found = texts.filter((one) => text.startsWith(one, at));
  const [longest] = found.toSorted((a, b) => b.length - a.length);
  if (longest === undefined) return undefined;
  return { name: `the name of ${longest}`, end: at + longest.length };
}

describe("patterns", () => {
  const pattern = fc.oneof(
    fc.stringMatching(/^[ab]{6,12}$/),
    fc.stringMatching(/^a{6,30}b?$/),
    fc.string({ unit: "binary-ascii", minLength: 6, maxLength: 9 }),
  );

  it("are found where they stand, the longest of those that begin alike", () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 12 }),
        fc.array(fc.oneof(fc.nat(11), fc.stringMatching(/^[ab]{0,9}$/)), {
          maxLength: 9,
        }),
        (texts, pieces) => {
          const patterns = patternsOf(texts);
          const text = pieces.map((one) => (typeof one === "string" ? one : texts[one])).join("");
          for (let at = 0; at <= text.length; at++)
            assert.deepEqual(patterns.longestAt(text, at), longestOf(texts, text, at), `at ${at}`);
        },
      ),
    );
  });

  it("may be thousands that begin alike, in a text that goes on like them", () => {
    const patterns = patternsOf(Array.from({ length: 2_000 }, (_, i) => `${"a".repeat(6 + i)}b`));
    const text = "a".repeat(20_000);
    const found = Array.from(text, (_, at) => patterns.longestAt(text, at));
    assert.ok(found.every((one) => one === undefined));
    assert.equal(patterns.longestAt(`${"a".repeat(500)}b`, 0)?.end, 501);
  });
});
