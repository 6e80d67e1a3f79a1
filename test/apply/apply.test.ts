import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPlan } from "../../src/apply/apply.ts";
import type { ApplyContext } from "../../src/apply/attempt.ts";
import type { Hold } from "../../src/apply/lock.ts";
import type { Change } from "../../src/model/change.ts";
import type { OnFailure, Rollout } from "../../src/model/plan.ts";
import type { Step, WatchStep } from "../../src/model/step.ts";
import type { Session } from "../../src/remote/session.ts";
import { StepFailure } from "../../src/apply/failure.ts";
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

const rolloutOf = (family: string, change: Change, more: Partial<Rollout> = {}): Rollout => ({
  family,
  after: [],
  onFailure: "revert",
  prepare: [],
  releases: [],
  waves: [[{ machine: "web-1", changes: [change] }]],
  ...more,
});

/** Of whom nothing is told, and who has neither files nor secrets; without machines. */
const plain: ApplyContext = {
  holds: new Map(),
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  listener: () => undefined,
  preempt: new AbortController().signal,
  content: () => Promise.reject(new Error("ships nothing")),
  reveal: () => {
    throw new Error("has no secrets");
  },
  redact: (text) => text,
  onAppFailure: () => Promise.resolve(),
  onLockout: () => Promise.resolve(),
  onReboot: () => Promise.resolve(),
  onRelease: () => Promise.resolve(),
};

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
    ...plain,
    holds: new Map([["web-1", hold as Hold]]),
    listener: (event) => {
      if (event.type === "change-failed") seen.resolve();
    },
    onAppFailure: (family, { message }) => {
      told.push(`${family}: ${message}`);
      return Promise.resolve();
    },
  };
  const quick: Change = { ...changeOf("quick"), watch };
  const slow: Change = {
    ...changeOf("slow"),
    steps: [{ do: "run", argv: ["true"], timeoutMs: 1_000 }],
  };
  const plan = planOf([], { rollouts: [rolloutOf("quick", quick), rolloutOf("slow", slow)] });
  const { done, failures } = await applyPlan(plan, context);
  assert.deepEqual(told, ["quick: healthy at first, then it ended with exit code 3"]);
  assert.equal(failures.length, 1);
  assert.deepEqual(new Set(done.map((c) => c.family)), new Set(["quick", "slow"]));
});

const outcomeWith = async (onFailure: OnFailure) => {
  const told: string[] = [];
  // The engine refuses what is for the app's account on the first two machines.
  const holdOn = (machine: string): Hold => {
    const status = machine === "web-3" ? 204 : 400;
    const session: Partial<Session> = {
      machine,
      engine: () => Promise.resolve({ status, body: { message: `refused on ${machine}` } }),
    };
    return {
      session: session as Session,
      fence: () => Promise.resolve(() => undefined),
    } as Partial<Hold> as Hold;
  };
  const machines = ["web-1", "web-2", "web-3"];
  const start: Step = {
    do: "engine",
    method: "POST",
    path: ["containers", "x", "start"],
    blame: "app",
    timeoutMs: 1_000,
  };
  const context: ApplyContext = {
    ...plain,
    holds: new Map(machines.map((m) => [m, holdOn(m)])),
    onAppFailure: (family, _, alone) => {
      told.push(`${family} ${alone ?? "everywhere"}`);
      return Promise.resolve();
    },
  };
  const turns = machines.map((machine) => ({
    machine,
    changes: [{ ...changeOf("shop", machine), steps: [start] }],
  }));
  const waves = turns.map((turn) => [turn]);
  const rollout = rolloutOf("shop", changeOf("shop"), { onFailure, waves });
  const after = rolloutOf("api", changeOf("api", "web-3"), { after: ["shop"] });
  const applied = await applyPlan(planOf([], { rollouts: [rollout, after] }), context);
  return { told, done: applied.done.map((c) => c.machine), waiting: [...applied.waiting.keys()] };
};

test("an app that fails on one machine goes on to the others only where it is told to", async () => {
  const stops = { told: ["shop everywhere"], done: [], waiting: ["api"] };
  assert.deepEqual(await outcomeWith("revert"), stops);
  assert.deepEqual(await outcomeWith("halt"), stops);
  assert.deepEqual(await outcomeWith("continue"), {
    told: ["shop web-1", "shop web-2"],
    done: ["web-3"],
    waiting: ["api"],
  });
});

/** Who was told to reboot, and of whom what is connected is given up. */
const rebootedWith = async (code: number, isLockedOut = false) => {
  const told: string[] = [];
  const lost: string[] = [];
  const output = (stdout: string, ended = 0) => ({
    code: ended,
    stdout: Buffer.from(stdout),
    stderr: Buffer.of(),
  });
  const session: Partial<Session> = {
    machine: "web-1",
    exec: ({ argv }) => {
      if (argv[0] === "tried")
        return Promise.reject(new StepFailure("machine", "out", { isLockout: true }));
      told.push("web-1");
      return Promise.resolve(output("", code));
    },
    confirm: () => Promise.resolve(output("slipway b.2 up\n")),
  };
  const hold: Partial<Hold> = {
    session: session as Session,
    fence: () => Promise.resolve(() => undefined),
  };
  const context: ApplyContext = {
    ...plain,
    holds: new Map([["web-1", hold as Hold]]),
    onReboot: (machine) => {
      lost.push(machine);
      return Promise.resolve();
    },
  };
  const turnOf = (step: Step) => ({
    machine: "web-1",
    changes: [{ ...changeOf(undefined), steps: [step] }],
  });
  const tried = turnOf({ do: "run", argv: ["tried"], timeoutMs: 1_000 });
  const reboot = turnOf({ do: "reboot", boot: "a.1", deadlineMs: 1_000, drains: [] });
  const plan = planOf([], { settings: isLockedOut ? [tried] : [], reboots: [reboot] });
  await applyPlan(plan, context);
  return { told, lost };
};

test("what is connected is given up only where a machine took the word to reboot", async () => {
  assert.deepEqual(await rebootedWith(0), { told: ["web-1"], lost: ["web-1"] });
  assert.deepEqual(await rebootedWith(127), { told: ["web-1"], lost: [] });
});

test("no machine is rebooted after something would have cut us off", async () => {
  assert.deepEqual(await rebootedWith(0, true), { told: [], lost: [] });
});
