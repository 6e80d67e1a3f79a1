import assert from "node:assert/strict";
import { test } from "node:test";
import { openAside } from "../../src/daemon/aside.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";

const outcome = {} as RevisionOutcome;
const settled = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
};

test("one at a time; one that gave way and is slow to end keeps the next from beginning", async () => {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const aside = openAside(
    async (head, _, signal) => {
      begun.push(head);
      signals.push(signal);
      await new Promise<void>((resolve) => ends.push(resolve));
    },
    () => assert.fail("nothing went wrong"),
  );
  aside.begin("a", outcome);
  aside.begin("b", outcome);
  assert.deepEqual(begun, ["a"]);
  aside.giveWay();
  assert.equal(signals[0]?.aborted, true);
  aside.begin("c", outcome);
  assert.deepEqual(begun, ["a"]);
  ends[0]?.();
  await settled();
  aside.begin("d", outcome);
  assert.deepEqual(begun, ["a", "d"]);
  assert.equal(signals[1]?.aborted, false);
});

test("a mistake in it is told and ends nothing; what comes of giving way is none", async () => {
  const told: string[] = [];
  let work = (_: AbortSignal): Promise<void> => Promise.reject(new Error("a mistake"));
  const aside = openAside(
    (_, __, signal) => work(signal),
    (_, text) => void told.push(text.split("\n")[0] ?? ""),
  );
  aside.begin("a", outcome);
  await settled();
  assert.deepEqual(told, ["Error: a mistake"]);
  work = (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("late"))));
  aside.begin("b", outcome);
  aside.giveWay();
  await settled();
  assert.deepEqual(told, ["Error: a mistake"]);
});

test("without work nothing begins", () => {
  const aside = openAside(undefined, () => assert.fail("nothing went wrong"));
  aside.begin("a", outcome);
  aside.giveWay();
});
