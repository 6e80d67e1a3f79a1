import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { armored } from "../../src/secrets/armor.ts";
import { plainSlot } from "../../src/secrets/plain-slot.ts";
import { withSealed } from "../../src/secrets/value-edit.ts";
import { readValueFile, type ValueEntry } from "../../src/secrets/value-file.ts";
import { readEdited, viewOf, type Edited, type ValueView } from "../../src/secrets/value-view.ts";

const entriesOf = (text: string): readonly ValueEntry[] => {
  const read = readValueFile(text);
  assert("entries" in read, JSON.stringify([read, text]));
  return read.entries;
};

/** A sealing that can be undone: what is asked for is only where ciphertext stands. */
const seal = (value: string): Promise<string> =>
  Promise.resolve(armored(Buffer.from(`sealed ${value}`)));
const unseal = (armor: string): string =>
  Buffer.from(armor.split("\n").slice(1, -2).join(""), "base64").toString().slice("sealed ".length);

const openAll = (text: string): ValueView => {
  const entries = entriesOf(text);
  const opened = entries.flatMap(({ key, value }) =>
    value?.startsWith("-----") === true ? [[key, unseal(value)] as const] : [],
  );
  return viewOf(text, entries, new Map(opened));
};

async function fileOf(values: Readonly<Record<string, string>>, head = ""): Promise<string> {
  let text = head;
  for (const [key, value] of Object.entries(values)) {
    const next = withSealed(text, new Map([[key, await seal(value)]]));
    assert(next !== undefined);
    text = next;
  }
  return text;
}

const edited = (original: string, change: (view: string) => string, mayUnset = false): Edited => {
  const view = openAll(original);
  return readEdited(original, view, change(view.text), mayUnset);
};
const problemOf = (result: Edited): string => {
  assert("problem" in result);
  return `${result.problem.line}: ${result.problem.text}`;
};
const changesOf = (result: Edited) => {
  assert(!("problem" in result), JSON.stringify(result));
  return result;
};

describe("a value in plain text", () => {
  it("reads back as it was, whatever it is", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc
        .array(
          fc.string({
            unit: fc.constantFrom("a", " ", "\t", "#", ":", "'", '"', "-", "|", "\\", "\r", "é"),
          }),
        )
        .map((lines) => lines.join("\n")),
      fc.constantFrom(
        "null",
        "~",
        "",
        "true",
        "1.10",
        "0777",
        "\n",
        "a\n",
        "a\n\n",
        " a\nb",
        "a\n b",
        "-----BEGIN X-----\nabc\n-----END X-----\n",
        "\ufeffa",
        "a\u2028b",
        "---",
        "...",
        "...\na",
      ),
    );
    fc.assert(
      fc.property(
        text,
        fc.constantFrom("", "  "),
        fc.constantFrom("\n", "\r\n"),
        (value, indent, end) => {
          const written = `${indent}A:${plainSlot(value, { indent, comment: "" }, end)}`;
          assert.deepEqual(
            entriesOf(written).map((entry) => [entry.key, entry.value]),
            [["A", value]],
            written,
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("is as people write it", () => {
    const shown = (value: string) => plainSlot(value, { indent: "", comment: "" }, "\n");
    assert.equal(shown("hunter2"), " hunter2\n");
    assert.equal(shown("a: b #c"), " 'a: b #c'\n");
    assert.equal(shown("it's"), " 'it''s'\n");
    assert.equal(shown("a\nb\n"), " |\n  a\n  b\n");
    assert.equal(shown("a\n\nb"), " |-\n  a\n\n  b\n");
    assert.equal(shown("null"), " 'null'\n");
    assert.equal(shown("a\0"), ' "a\\u0000"\n');
  });
});

describe("an edited file of values", () => {
  it("shows values for ciphertext and leaves all else", async () => {
    const text = await fileOf({ A: "one", B: "two\nlines\n" }, "# head\n\n");
    assert.equal(openAll(text).text, "# head\n\nA: one\nB: |\n  two\n  lines\n");
  });

  it("is the same bytes where no value changed", async () => {
    const value = fc.string({
      unit: fc.constantFrom("a", " ", "\n", "#", ":", "'", "é"),
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 5 }), async (values) => {
        const text = await fileOf(
          Object.fromEntries(values.map((one, i) => [`K${i}`, one])),
          "# head\n",
        );
        const result = changesOf(edited(text, (view) => view));
        assert.deepEqual([...result.added, ...result.replaced, ...result.removed], []);
        assert.equal(await result.sealed(() => Promise.reject(new Error("sealed anew"))), text);
      }),
      { numRuns: 200 },
    );
  });

  it("seals what is new or changed, and nothing else", async () => {
    const text = await fileOf({ A: "one", B: "two", C: "three" });
    const sealedNow: string[] = [];
    const result = changesOf(
      edited(text, () => "# now\nC: three\nA: 'other'\nD: |\n  four\n  lines\n"),
    );
    assert.deepEqual([result.added, result.replaced, result.removed], [["D"], ["A"], ["B"]]);
    const after = await result.sealed((value) => {
      sealedNow.push(value);
      return seal(value);
    });
    assert.deepEqual(sealedNow, ["other", "four\nlines\n"]);
    const values = entriesOf(after).map(({ key, value }) => [key, unseal(value ?? "")]);
    assert.deepEqual(values, [
      ["C", "three"],
      ["A", "other"],
      ["D", "four\nlines\n"],
    ]);
    const [, slotC = ""] = text.split("C:");
    assert(after.startsWith(`# now\nC:${slotC}A: |\n`));
  });

  it("keeps what could not be opened, and what is sealed already", async () => {
    const text = await fileOf({ A: "one" });
    const armor = await seal("elsewhere");
    const entries = entriesOf(text);
    const view = viewOf(text, entries, new Map());
    assert.equal(view.text, text);
    const withB = `${text}B: |\n  ${armor.trimEnd().replaceAll("\n", "\n  ")}\n`;
    const result = changesOf(readEdited(text, view, withB, false));
    assert.equal(await result.sealed(() => Promise.reject(new Error("sealed anew"))), withB);
    assert.deepEqual(result.added, ["B"]);
  });

  it("seals what stood there for all to read", async () => {
    const text = "A: open\n";
    const result = changesOf(
      readEdited(text, viewOf(text, entriesOf(text), new Map()), text, false),
    );
    assert.equal(unseal(entriesOf(await result.sealed(seal))[0]?.value ?? ""), "open");
  });

  const wrong: readonly (readonly [
    name: string,
    change: (view: string) => string,
    said: RegExp,
  ])[] = [
    ["no YAML", (view) => `${view}hunter3\n`, /^3: this is not YAML/],
    ["a key twice", (view) => `${view}A: hunter3\n`, /^3: A stands here a second time/],
    ["nothing for a value", () => "A:\nB: hunter2\n", /^1: nothing stands behind this key/],
    [
      "a part of a value taken for a comment",
      () => "A: one\nB: hunter2 #hunter3\n",
      /^2: behind this value stands a comment/,
    ],
    ["a value commented out", () => "A: one\n# B: hunter2\n", /^2: a value stands in this comment/],
    [
      "a new value commented out",
      () => "A: one\n#B: hunter3\nB: hunter4\n",
      /^2: a value stands in this comment/,
    ],
    [
      "a value noted",
      () => "# was hunter2 before\nA: one\nB: hunter3\n",
      /^1: a value stands in this comment/,
    ],
  ];
  for (const [name, change, said] of wrong)
    it(`is refused with ${name}`, async () => {
      const text = await fileOf({ A: "one", B: "hunter2" });
      const told = problemOf(edited(text, change));
      assert.match(told, said);
      assert(!/hunter/.test(told), told);
    });

  it("may unset in an environment, and comment lines of text in a value", async () => {
    const text = await fileOf({ A: "one", B: "two" });
    const result = changesOf(edited(text, () => "A:\nB: |\n  # one\n  two\n", true));
    const after = entriesOf(await result.sealed(seal));
    assert.deepEqual(
      after.map(({ value }) => value && unseal(value)),
      [null, "# one\ntwo\n"],
    );
  });

  it("keeps comments behind values, and those that YAML would take for a part of one", async () => {
    const armor = await seal("one");
    const text = `A: | # why\n  ${armor.trimEnd().replaceAll("\n", "\n  ")}\nB: x\n`;
    assert.equal(openAll(text).text, "A: one # why\nB: x\n");
    const result = changesOf(edited(text, () => "A: two # why\n  # indented\nB: x\n"));
    const after = await result.sealed(seal);
    assert.match(after, /^A: \| # why\n {4}-----BEGIN/);
    assert.match(after, /\n {2}# indented\nB: /);
    assert.equal(unseal(entriesOf(after)[0]?.value ?? ""), "two");
  });
});
