import assert from "node:assert/strict";
import { test } from "node:test";
import { openAside } from "../../src/daemon/aside.ts";
import { runDaemon } from "../../src/daemon/daemon.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createParseCache } from "../../src/load/load.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { World } from "../../src/pass/world.ts";
import type { Source } from "../../src/source/source.ts";
import { snapshotOf } from "../support/repo.ts";

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

test("the daemon does it after a pass, and gives way to the next one", async () => {
  const stop = new AbortController();
  let head = "1".repeat(40);
  let ring = (): void => undefined;
  const source: Partial<Source> = {
    head: () => Promise.resolve(head),
    snapshot: (revision = head) =>
      Promise.resolve(snapshotOf({ "slipway.yaml": "fleet: acme\n" }, { revision })),
    commit: (revision) =>
      Promise.resolve({ revision, parents: [], message: "", author: "Ada", committedMs: 0 }),
    between: () => Promise.resolve([]),
    recent: () => Promise.resolve([]),
    readNote: () => Promise.resolve(undefined),
    watch: (onMove) => {
      ring = onMove;
      return Promise.resolve({ close: () => Promise.resolve() });
    },
  };
  const seen: string[] = [];
  const world: World = {
    source: source as Source,
    remote: {} as World["remote"],
    clock: systemClock,
    listener: () => undefined,
    parseCache: createParseCache(),
    secrets: "closed",
    allowRewind: false,
    reporter: {
      started: () => Promise.resolve(),
      ended: (told) => {
        seen.push(`${told.revision.slice(0, 1)} ${told.outcome}`);
        return Promise.resolve();
      },
      resume: () => Promise.resolve(),
    },
  };
  await runDaemon(world, {
    intervalMs: 3_600_000,
    signal: stop.signal,
    log: () => undefined,
    aside: async (at, { outcome: of }, signal) => {
      seen.push(`${at.slice(0, 1)} aside, ${of}`);
      if (at.startsWith("2")) return stop.abort();
      const given = new Promise((resolve) => signal.addEventListener("abort", resolve));
      head = "2".repeat(40);
      setImmediate(ring);
      await given;
      seen.push("1 gave way");
    },
  });
  assert.deepEqual(seen, [
    "1 applied",
    "1 aside, applied",
    "1 gave way",
    "2 applied",
    "2 aside, applied",
  ]);
});
