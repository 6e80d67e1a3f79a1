import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lastWord, mergedNote, noteWith, outcomesOfNote } from "../../src/model/ledger.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";

const outcome = (fleet: string, text: string): RevisionOutcome => ({
  version: 1,
  fleet,
  revision: "0123456789abcdef0123456789abcdef01234567",
  subject: "Shop 1.1",
  outcome: "applied",
  text,
  changes: 1,
  apps: [],
  held: [],
  troubles: [],
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  cause: "commit",
});

describe("the note on a commit", () => {
  it("is one document where one fleet deploys it", () => {
    const note = noteWith(undefined, outcome("acme", "live"));
    assert.deepEqual(JSON.parse(note), outcome("acme", "live"));
    assert.deepEqual(outcomesOfNote(note), [outcome("acme", "live")]);
  });

  it("keeps what other fleets said", () => {
    const first = noteWith(undefined, outcome("acme-staging", "live"));
    const both = noteWith(first, outcome("acme", "live too"));
    const again = noteWith(both, outcome("acme-staging", "live again"));
    assert.deepEqual(outcomesOfNote(again), [
      outcome("acme", "live too"),
      outcome("acme-staging", "live again"),
    ]);
  });

  it("written by two at once is merged fleet by fleet; of one fleet the later pass stands", () => {
    const note = (...said: readonly (readonly [fleet: string, text: string, at?: string])[]) =>
      said.reduce<string | undefined>(
        (before, [fleet, text, at = "1"]) =>
          noteWith(before, { ...outcome(fleet, text), startedAt: at }),
        undefined,
      ) ?? "";
    const cases: readonly (readonly [
      base: string | undefined,
      ours: string,
      theirs: string,
      merged: readonly string[],
    ])[] = [
      [undefined, note(["a", "x"]), note(["b", "y"]), ["x", "y"]],
      [undefined, note(["a", "ours", "2"]), note(["a", "theirs", "1"]), ["ours"]],
      [undefined, note(["a", "ours", "1"]), note(["a", "theirs", "2"]), ["theirs"]],
      [note(["a", "x"]), note(["a", "x"], ["b", "y"]), note(["a", "newer", "2"]), ["newer", "y"]],
      [note(["a", "x", "3"]), note(["a", "again", "2"]), note(["a", "x", "3"]), ["again"]],
      [undefined, note(["a", "x"]), "by hand", ["x"]],
      [undefined, "by hand", note(["a", "x"]), ["x"]],
    ];
    for (const [base, ours, theirs, merged] of cases)
      assert.deepEqual(
        outcomesOfNote(mergedNote(base, ours, theirs)).map(({ text }) => text),
        merged,
      );
  });

  it("is what the first pass with the last outcome said, where only the records of passes are left", () => {
    const passes = (...names: readonly string[]) =>
      names.map((name, i) => ({ ...outcome("acme", String(i)), outcome: name }) as RevisionOutcome);
    const cases: readonly (readonly [newestFirst: readonly string[], word: string | undefined])[] =
      [
        [[], undefined],
        [["applied"], "0"],
        [["applied", "applied", "applied"], "2"],
        [["applied", "applied", "incomplete"], "1"],
        [["held", "applied"], "0"],
        [["applied", "failed", "applied"], "0"],
      ];
    for (const [records, word] of cases) assert.equal(lastWord(passes(...records))?.text, word);
  });

  it("is nothing where it was written by somebody else", () => {
    for (const note of [undefined, "", "reviewed by Ada", "null", "[1]", '{"version":2}'])
      assert.deepEqual(outcomesOfNote(note), []);
    assert.deepEqual(outcomesOfNote(noteWith("reviewed by Ada", outcome("acme", "live"))), [
      outcome("acme", "live"),
    ]);
  });
});
