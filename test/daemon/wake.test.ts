import assert from "node:assert/strict";
import { test } from "node:test";
import { runDaemon } from "../../src/daemon/daemon.ts";
import { createParseCache } from "../../src/load/load.ts";
import type { Event } from "../../src/model/events.ts";
import type { Issuer } from "../../src/model/issuer.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { World } from "../../src/pass/world.ts";
import { SimSource } from "../support/sim/source.ts";

/** Of a fleet without machines; time goes on where a test says so. */
const worldOf = (source: SimSource, now: () => number, more: Partial<World>): World =>
  ({
    source,
    remote: {},
    clock: { now, sleep: async () => await Promise.resolve() },
    parseCache: createParseCache(),
    secrets: "closed",
    allowRewind: false,
    listener: () => undefined,
    reporter: { started: async () => {}, resume: async () => {}, ended: async () => {} },
    ...more,
  }) as unknown as World;

test(
  "what a pause holds is looked at again when that ends, however long the interval",
  { timeout: 60_000 },
  async () => {
    const source = new SimSource();
    source.push(
      { "slipway.yaml": "fleet: acme\npaused: { reason: a, until: 2030-01-02 }\n" },
      "Start",
    );
    const endMs = Date.UTC(2030, 0, 2);
    let nowMs = endMs - 30;
    const stop = new AbortController();
    const told: RevisionOutcome[] = [];
    const world = worldOf(source, () => nowMs, {
      reporter: {
        started: async () => {},
        resume: async () => {},
        ended: async (outcome: RevisionOutcome) => {
          told.push(outcome);
          nowMs = endMs;
          if (told.length === 2) stop.abort();
          return await Promise.resolve();
        },
      },
    });
    await runDaemon(world, {
      intervalMs: 3_600_000,
      signal: stop.signal,
      log: () => undefined,
      random: () => 0,
    });
    assert.deepEqual(
      told.map(({ outcome, cause }) => [outcome, cause]),
      [
        ["held", "commit"],
        ["applied", "retry"],
      ],
    );
    assert.equal(told[0]?.heldUntil, new Date(endMs).toISOString());
  },
);

test("an authority that may be asked again is", { timeout: 60_000 }, async () => {
  const source = new SimSource();
  source.push({ "slipway.yaml": "fleet: acme\n" }, "Start");
  let nowMs = Date.UTC(2030, 0, 2);
  const againMs = nowMs + 60_000;
  const stop = new AbortController();
  const passes: number[] = [];
  const issuer: Pick<Issuer, "againMs"> = {
    againMs: () => {
      if (passes.length === 2) stop.abort();
      nowMs = againMs;
      return passes.length === 1 ? againMs : undefined;
    },
  };
  const world = worldOf(source, () => nowMs, {
    issuer: issuer as Issuer,
    listener: (event: Event) => {
      if (event.type === "stage" && event.stage === "source") passes.push(nowMs);
    },
  });
  await runDaemon(world, {
    intervalMs: 3_600_000,
    observeEveryMs: 3_600_000,
    signal: stop.signal,
    log: () => undefined,
    random: () => 0,
  });
  assert.deepEqual(passes, [againMs - 60_000, againMs]);
});
