import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { letLeave } from "../../src/apply/health.ts";
import type { StepContext } from "../../src/apply/steps.ts";
import type { Session } from "../../src/remote/session.ts";

/** Looks at one that is so, look by look, the last for good; a clock that only sleeping moves. Gives how often. */
async function looksAt(
  states: readonly ("running" | "exited" | "gone")[],
  stop = new AbortController(),
): Promise<number> {
  let now = 0;
  let looks = 0;
  const session: Partial<Session> = {
    machine: "web-1",
    engine: () => {
      const state = states[Math.min(looks++, states.length - 1)];
      if (state === "gone") return Promise.resolve({ status: 404, body: {} });
      const flags = { Running: state === "running", Restarting: false, OOMKilled: false };
      const body = {
        Name: "/proxy",
        RestartCount: 0,
        State: { ...flags, ExitCode: 143, StartedAt: "2026-01-01T00:00:00Z" },
        NetworkSettings: { Networks: {} },
      };
      return Promise.resolve({ status: 200, body });
    },
  };
  const clock = {
    now: () => now,
    sleep: (ms: number) => Promise.resolve(void (now += ms)),
  };
  const context = { session, clock, preempt: stop.signal } as unknown as StepContext;
  await letLeave(context, { do: "leave", container: "proxy", patienceMs: 1_000 }, "proxy");
  return looks;
}

describe("a container that was told to end", () => {
  it("is waited for until it has, however it ends", async () => {
    assert.equal(await looksAt(["running", "running", "exited"]), 3);
    assert.equal(await looksAt(["gone"]), 1);
  });

  it("is let be when it takes longer, and where somebody else is in a hurry", async () => {
    assert.equal(await looksAt(["running"]), 10);
    const stop = new AbortController();
    stop.abort("a newer revision");
    assert.equal(await looksAt(["running"], stop), 0);
  });
});
