import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StepFailure } from "../../src/apply/failure.ts";
import type { StepContext } from "../../src/apply/steps.ts";
import { watchContainer } from "../../src/apply/watch.ts";
import type { WatchStep } from "../../src/model/step.ts";
import type { EngineRequest, Session } from "../../src/remote/session.ts";

interface Moment {
  readonly state?: "running" | "restarting" | "exited" | "gone";
  readonly restarts?: number;
  readonly exitCode?: number;
  readonly healthy?: boolean;
}

const step: WatchStep = {
  do: "watch",
  container: "acme-shop-1-12345678",
  probe: { by: "tcp", port: 80 },
  restart: "unless-stopped",
  intervalMs: 100,
  timeoutMs: 100,
  forMs: 500,
};

const StartedAt = "2026-01-01T00:00:00.5Z";

/** One moment after another at each look, the last one for good; a clock that only sleeping moves. */
async function watch(
  moments: readonly Moment[],
  more: Partial<WatchStep> = {},
  events: readonly object[] = [],
) {
  const stop = new AbortController();
  let now = 0;
  let looks = 0;
  const at = (): Moment => moments[Math.min(looks - 1, moments.length - 1)] ?? {};
  const session: Partial<Session> = {
    machine: "web-1",
    engine: ({ path }: EngineRequest) => {
      if (!path.endsWith("/json")) return Promise.resolve({ status: 404, body: {} });
      looks += 1;
      const { state = "running", restarts = 0, exitCode = 0 } = at();
      if (state === "gone") return Promise.resolve({ status: 404, body: {} });
      const flags = { Running: state !== "exited", Restarting: state === "restarting" };
      const networks = { Networks: { bridge: { IPAddress: "10.0.0.2" } } };
      const body = {
        Name: "/shop",
        RestartCount: restarts,
        State: { ...flags, ExitCode: exitCode, OOMKilled: false, StartedAt },
        NetworkSettings: networks,
      };
      return Promise.resolve({ status: 200, body });
    },
    engineStream: ({ path }: EngineRequest) => {
      if (!path.startsWith("/events?")) return Promise.reject(new Error("no logs here"));
      const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      const chunks = (async function* () {
        yield await Promise.resolve(Buffer.from(text));
      })();
      return Promise.resolve({ status: 200, headers: {}, chunks, close: () => undefined });
    },
    probe: () => {
      const healthy = at().healthy ?? true;
      return Promise.resolve({ healthy, text: healthy ? "connected" : "refused" });
    },
  };
  const context = {
    session,
    preempt: stop.signal,
    clock: {
      now: () => now,
      sleep: (ms: number) => {
        now += ms;
        return Promise.resolve();
      },
    },
    progress: () => undefined,
    redact: (text: string) => text,
  } as unknown as StepContext;
  try {
    await watchContainer(context, { ...step, ...more }, "shop-1");
    return { text: undefined, now };
  } catch (error) {
    assert.ok(error instanceof StepFailure && error.blame === "app", String(error));
    return { text: error.message, now };
  }
}

const ill: Moment = { healthy: false };

describe("a watched container", () => {
  test("that goes on is fine, and is watched to the end", async () => {
    assert.deepEqual(await watch([{}]), { text: undefined, now: 500 });
  });

  test("that the engine restarts has failed, at once", async () => {
    const { text, now } = await watch([{}, { state: "restarting", exitCode: 3, restarts: 1 }]);
    assert.equal(text, "healthy at first, then it ended with exit code 3");
    assert.equal(now, 100);
  });

  test("that was restarted between two looks has failed", async () => {
    assert.equal((await watch([{}, { restarts: 1 }])).text, "healthy at first, then it ended");
  });

  test("that runs again ended as the engine's events say", async () => {
    const die = (exitCode: number) => ({
      Action: "die",
      Actor: { Attributes: { exitCode: String(exitCode) } },
    });
    const oom = { Action: "oom" };
    const text = async (...events: readonly object[]) =>
      (await watch([{}, { restarts: 1 }], {}, events)).text;
    assert.equal(await text(die(3)), "healthy at first, then it ended with exit code 3");
    const memory = "healthy at first, then it was killed: out of memory";
    assert.equal(await text(oom, die(137)), memory);
    assert.equal(await text(die(137), oom), memory);
    assert.equal(
      await text(oom, die(137), die(1)),
      "healthy at first, then it ended with exit code 1",
    );
  });

  test("that was made by the same change has failed by any restart", async () => {
    const { text } = await watch([{ restarts: 1 }], { isNew: true });
    assert.equal(text, "healthy at first, then it ended");
  });

  test("whose restarts are from before is fine", async () => {
    assert.equal((await watch([{ restarts: 2 }])).text, undefined);
  });

  for (const restart of ["no", "on-failure"] as const) {
    test(`that ends and is left to end (${restart}) has failed, unless it ended well`, async () => {
      const ended = (exitCode: number) => watch([{}, { state: "exited", exitCode }], { restart });
      assert.match((await ended(1)).text ?? "", /exit code 1/);
      assert.equal((await ended(0)).text, undefined);
    });
  }

  test("that a person stops or removes has not failed", async () => {
    assert.equal((await watch([{}, { state: "exited", exitCode: 137 }])).text, undefined);
    assert.equal((await watch([{}, { state: "gone" }])).text, undefined);
  });

  test("that does not answer three times in a row has failed; one lost probe is nothing", async () => {
    const { text } = await watch([{}, ill, ill, ill]);
    assert.equal(text, "healthy at first, then not (last probe: refused)");
    assert.equal((await watch([{}, ill, ill, {}, ill, {}])).text, undefined);
    assert.equal((await watch([ill], { probe: "off" })).text, undefined);
  });
});
