import assert from "node:assert/strict";
import { test } from "node:test";
import { lookAgainAt } from "../../src/daemon/backoff.ts";
import type { RevisionOutcome, Trouble } from "../../src/model/outcome.ts";

const outcome = (
  name: RevisionOutcome["outcome"],
  ...classes: Trouble["class"][]
): RevisionOutcome => ({
  version: 1,
  fleet: "acme",
  revision: "r",
  subject: "",
  outcome: name,
  text: "",
  changes: 0,
  apps: [],
  held: [],
  troubles: classes.map((c) => ({ machine: "m", class: c, text: "" })),
  startedAt: "",
  durationMs: 0,
  cause: "commit",
});

const retryIn = (ended: RevisionOutcome, attempt: number, jitter: number): number | undefined =>
  lookAgainAt(ended, attempt, jitter, 0);

test("only trouble is tried again by itself", () => {
  for (const name of ["applied", "reverted", "failed", "held", "rejected", "superseded"] as const) {
    assert.equal(retryIn(outcome(name), 0, 0), undefined);
  }
  assert.equal(retryIn(outcome("incomplete", "unreachable"), 0, 0), 5_000);
});

test("pauses double up to the class's longest, and the quickest class decides", () => {
  const pauses = [0, 1, 2, 3, 10].map((attempt) =>
    retryIn(outcome("incomplete", "pull"), attempt, 0),
  );
  assert.deepEqual(pauses, [10_000, 20_000, 40_000, 80_000, 300_000]);
  assert.equal(retryIn(outcome("incomplete", "access", "locked"), 0, 0), 2_000);
});

test("controllers that started together drift apart", () => {
  assert.equal(retryIn(outcome("incomplete", "unreachable"), 0, 1), 6_000);
});

test("what is held by a time is looked at again when that ends, and trouble when it is due", () => {
  const heldUntil = "1970-01-01T00:01:00.000Z";
  const held = { ...outcome("held"), heldUntil };
  assert.equal(lookAgainAt(held, 0, 0, 50_000), 60_000);
  const troubled = { ...outcome("incomplete", "unreachable"), heldUntil };
  assert.equal(lookAgainAt(troubled, 0, 0, 50_000), 55_000);
  assert.equal(lookAgainAt(troubled, 0, 0, 59_000), 60_000);
});
