import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPlan, type ApplyContext } from "../../src/apply/apply.ts";
import type { Hold } from "../../src/apply/lock.ts";
import type { Change } from "../../src/model/change.ts";
import type { Rollout } from "../../src/model/plan.ts";
import type { WatchStep } from "../../src/model/step.ts";
import type { Session } from "../../src/remote/session.ts";
import { changeOf, planOf } from "../pass/facts.ts";

const watch: WatchStep = {
  do: "watch",
  container: "quick",
  probe: "off",
  restart: "unless-stopped",
  intervalMs: 1,
  timeoutMs: 100,
  forMs: 1_000,
};

const rolloutOf = (family: string, change: Change): Rollout => ({
  family,
  after: [],
  onFailure: "revert",
  prepare: [],
  releases: [],
  waves: [[{ machine: "web-1", changes: [change] }]],
});

test("what fails while it is watched is told once, also when another app rolls longer", async () => {
  const seen = Promise.withResolvers<void>();
  let looks = 0;
  const session: Partial<Session> = {
    machine: "web-1",
    engine: ({ path }) => {
      assert.match(path, /quick/);
      looks += 1;
      const State = { Running: true, Restarting: looks > 1, ExitCode: 3 };
      return Promise.resolve({ status: 200, body: { Name: "/quick", State } });
    },
    engineStream: () => Promise.reject(new Error("no logs here")),
    // The other app's only step: it ends after the first was seen to fail.
    exec: async () => {
      await seen.promise;
      return { code: 0, stdout: Buffer.of(), stderr: Buffer.of() };
    },
  };
  const hold: Partial<Hold> = {
    session: session as Session,
    fence: () => Promise.resolve(() => undefined),
  };
  const told: string[] = [];
  const context: ApplyContext = {
    holds: new Map([["web-1", hold as Hold]]),
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    listener: (event) => {
      if (event.type === "change-failed") seen.resolve();
    },
    preempt: new AbortController().signal,
    content: () => Promise.reject(new Error("ships nothing")),
    reveal: () => {
      throw new Error("has no secrets");
    },
    redact: (text) => text,
    onAppFailure: (family, { message }) => {
      told.push(`${family}: ${message}`);
      return Promise.resolve();
    },
    onRelease: () => Promise.resolve(),
  };
  const quick: Change = { ...changeOf("quick"), watch };
  const slow: Change = {
    ...changeOf("slow"),
    steps: [{ do: "run", argv: ["true"], timeoutMs: 1_000 }],
  };
  const plan = planOf([], { rollouts: [rolloutOf("quick", quick), rolloutOf("slow", slow)] });
  const { done, failures } = await applyPlan(plan, context);
  assert.deepEqual(told, ["quick: healthy at first, then it ended: ended with exit code 3"]);
  assert.equal(failures.length, 1);
  assert.deepEqual(new Set(done.map((c) => c.family)), new Set(["quick", "slow"]));
});
