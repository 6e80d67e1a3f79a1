import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { withSealed } from "../../src/secrets/value-edit.ts";
import { readValueFile, type ValueEntry } from "../../src/secrets/value-file.ts";

const armor = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n";

const entriesOf = (text: string): readonly ValueEntry[] => {
  const read = readValueFile(text);
  assert("entries" in read, JSON.stringify(read));
  return read.entries;
};
const problemOf = (text: string): string => {
  const read = readValueFile(text);
  assert("problem" in read, text);
  return `${read.problem.line}:${read.problem.col} ${read.problem.text}`;
};

describe("a file of values", () => {
  const good: readonly (readonly [
    text: string,
    wanted: readonly (readonly [string, string | null])[],
  ])[] = [
    ["", []],
    ["# nothing yet\n", []],
    ["---\nA: x\n", [["A", "x"]]],
    [
      "A: |\n  x\n  y\n\n# c\nB: 'q' # hi\nC:\nD: # cc\n  \n\nE: |-\n  z",
      [
        ["A", "x\ny\n"],
        ["B", "q"],
        ["C", null],
        ["D", null],
        ["E", "z"],
      ],
    ],
    [
      "A: multi\n  line # c\nB: ~\nC: null\nD: 'null'\n",
      [
        ["A", "multi line"],
        ["B", null],
        ["C", null],
        ["D", "null"],
      ],
    ],
    [
      "A: 1.10\r\nB: |\r\n  x\r\n",
      [
        ["A", "1.10"],
        ["B", "x\n"],
      ],
    ],
    [
      "  A: |+\n    x\n\n  B: y\n",
      [
        ["A", "x\n\n"],
        ["B", "y"],
      ],
    ],
    [
      "A:\n  'x'\n\"B\": y\n__proto__: z\n",
      [
        ["A", "x"],
        ["B", "y"],
        ["__proto__", "z"],
      ],
    ],
  ];
  for (const [text, wanted] of good)
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(
        entriesOf(text).map(({ key, value }) => [key, value]),
        wanted,
      );
    });

  const bad: readonly (readonly [text: string, said: RegExp])[] = [
    ["A: hunter2\nB hunter2\n", /^2:1 this is not YAML/],
    [
      "A: |\n  x\n<<<<<<< HEAD\n  hunter2\n=======\n  y\n>>>>>>> other\n",
      /^3:1 git left the marks of a merge conflict here/,
    ],
    ["A: 'hunter2\nB: y\n", /this is not YAML/],
    ["A: @hunter2\n", /^1:4 this is not YAML/],
    ["A: *hunter2\n", /^1:1 A holds no text/],
    ["A: hunter2: x\n", /this is not YAML/],
    ["A: 1\nA: hunter2\n", /^2:1 A stands here a second time/],
    ["A:\n  B: hunter2\n", /^1:1 A holds no text/],
    ["A: [hunter2]\n", /^1:1 A holds no text/],
    ["A: &hunter2 x\n", /^1:1 A holds no text/],
    ["A: !hunter2 x\n", /^1:1 A holds no text/],
    ["{A: hunter2}\n", /^1:1 write it as lines/],
    ["- hunter2\n", /^1:1 write it as lines/],
    ["hunter2\n", /^1:1 write it as lines/],
    ["? A\n: hunter2\n", /^1:3 write it as KEY/],
    ["A: x\n---\nB: hunter2\n", /^2:1 a second document/],
    [`A: ${"[".repeat(5000)}`, /too much/],
    [`A: ${"- ".repeat(150_000)}`, /too much/],
  ];
  for (const [text, said] of bad)
    it(`refuses ${JSON.stringify(text.slice(0, 30))}, and does not repeat it`, () => {
      const told = problemOf(text);
      assert.match(told, said);
      assert(!told.includes("hunter2"), told);
    });

  it("knows where values, comments and keys stand", () => {
    const text = "# head\nA: | # why\n  x\n\nB: y  # because\n";
    assert.deepEqual(
      entriesOf(text).map(({ key, line, col, comment, slot }) => [
        key,
        line,
        col,
        comment,
        text.slice(slot.from, slot.to),
      ]),
      [
        ["A", 2, 1, " # why", " | # why\n  x\n"],
        ["B", 5, 1, "  # because", " y  # because\n"],
      ],
    );
  });
});

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const style = fc.constantFrom<(value: string, indent: string, end: string) => string>(
  (value) => ` ${value}`,
  (value) => ` '${value}'`,
  (value) => ` "${value}" # ${value}`,
  () => "",
  () => " ~",
  () => " # nothing",
  (value, indent, end) => ` |${end}${indent}  ${value}${end}${indent}  ${value}`,
  (value, indent, end) => ` |- # ${value}${end}${indent}    ${value}`,
  (value, indent, end) => ` >${end}${indent}  ${value}${end}`,
  (value, indent, end) => ` ${value}${end}${indent}  ${value}`,
);
const between = fc.constantFrom("", "# a comment", "  # another", "  ");

/** Files as people write them. */
const file = fc
  .record({
    indent: fc.constantFrom("", "  "),
    end: fc.constantFrom("\n", "\r\n"),
    closed: fc.boolean(),
    parts: fc.array(
      fc.record({ style, value: word, between: fc.option(between, { nil: undefined }) }),
      {
        maxLength: 6,
      },
    ),
  })
  .map(({ indent, end, closed, parts }) => {
    const lines = parts.map(
      ({ style: write, value, between: line }, index) =>
        `${line === undefined ? "" : line + end}${indent}K${index}:${write(value, indent, end)}`,
    );
    return { text: lines.join(end) + (closed && lines.length > 0 ? end : ""), keys: lines.length };
  });

describe("a value that is set", () => {
  it("leaves every other line as it is", () => {
    fc.assert(
      fc.property(file, fc.nat(6), ({ text, keys }, at) => {
        const key = `K${at}`;
        const before = entriesOf(text);
        const edited = withSealed(text, new Map([[key, armor]]));
        assert(edited !== undefined, JSON.stringify(text));
        const after = entriesOf(edited);
        assert.equal(after.find((entry) => entry.key === key)?.value, armor);
        assert.equal(after.length, Math.max(keys, at < keys ? keys : keys + 1));
        const entry = before.find((one) => one.key === key);
        if (entry === undefined) {
          const closed =
            text === "" || text.endsWith("\n")
              ? text
              : text + (/^[^\n]*\r\n/.test(text) ? "\r\n" : "\n");
          assert(edited.startsWith(closed));
        } else {
          assert(edited.startsWith(text.slice(0, entry.slot.from)));
          assert(edited.endsWith(text.slice(entry.slot.to)));
          if (entry.comment !== "") assert(edited.includes(`${key}: |${entry.comment}`));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is refused where it would not be read back so", () => {
    for (const text of ["A: x\n...\n", "{A: x}\n", "A: 'x\n"])
      assert.equal(withSealed(text, new Map([["B", armor]])), undefined);
  });

  it("may be one of thousands", () => {
    const armors = new Map(Array.from({ length: 5000 }, (_, i) => [`K${i}`, armor] as const));
    const text = withSealed("# head\n", armors) ?? "";
    assert.equal(entriesOf(text).length, 5000);
    assert.deepEqual(
      entriesOf(text).map(({ line }) => line),
      Array.from({ length: 5000 }, (_, i) => 2 + i * 4),
    );
    assert.equal(withSealed(text, armors), text);
  });

  it("makes the first line of a file", () => {
    assert.equal(
      withSealed("", new Map([["A", armor]])),
      `A: |\n  ${armor.trimEnd().replaceAll("\n", "\n  ")}\n`,
    );
  });
});
