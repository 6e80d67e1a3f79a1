import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { quote, script } from "../../src/remote/quote.ts";

const shells = [["sh"], ["dash"], ["bash"], ["busybox", "sh"], ["fish"]].filter(
  ([command = ""]) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", command]).status === 0,
);

/** Many words in one process, as starting a shell is the slow part. */
const words = fc.array(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom("'", "\\", '"', "$", "`", "\n", "!", " ", "a", "-", "*", "~"),
      maxLength: 12,
    }),
  ),
  { minLength: 1, maxLength: 60 },
);
const passable = (word: string): boolean => !word.includes("\0") && word.isWellFormed();

for (const [command = "", ...args] of shells) {
  test(`any word arrives byte for byte through ${[command, ...args].join(" ")}`, () => {
    fc.assert(
      fc.property(words, (all) => {
        const sent = all.filter(passable);
        const line = `exec ${quote(["printf", "%s\\0", ...sent, "end"])}`;
        const result = spawnSync(command, [...args, "-c", line], { maxBuffer: 1e8 });
        assert.equal(result.stderr.toString(), "");
        assert.deepEqual(result.stdout.toString().split("\0"), [...sent, "end", ""]);
      }),
      { numRuns: 40 },
    );
  });
}

test("what no argument can hold is refused", () => {
  assert.throws(() => quote(["a\0b"]), TypeError);
  assert.throws(() => quote(["\ud800"]), TypeError);
});

test("an empty word stays a word", () => assert.equal(quote(["", "a"]), "'' 'a'"));

test("parameters of a script are not read as script", () => {
  const [command = "", ...args] = script('printf %s "$1:$2"', "$(id)", "'; id #");
  assert.equal(spawnSync(command, args).stdout.toString(), "$(id):'; id #");
});
