import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { takeLock } from "../../src/apply/lock.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseOutcome } from "../../src/model/outcome.ts";
import { targetsOf } from "../../src/pass/targets.ts";
import { readRevision } from "../../src/pass/revision.ts";
import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { until } from "../fleet/wait.ts";
import type { CallMade } from "../support/doomed-controller.ts";
import { startController } from "../support/processes.ts";
import { siteOn, type Site } from "../support/site.ts";
import { eventsSince, see } from "../support/witness.ts";

/** How long a machine waits for a holder that it does not hear of any more. */
const silenceMs = 30_000;

describe("a machine's lock", { concurrency: true }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await bootFleet({ machines: ["a-1", "a-2", "b", "c"], git: false });
    assert.ok(fleet.images !== undefined);
    for (const tag of ["1", "2"]) await fleet.images.push("shop", tag);
  });
  after(async () => {
    await fleet?.down();
  });

  const app = (site: Site, tag: string, round: number, startMs = 0): string => `
image: ${site.image(tag)}
machines: all
port: 8080
env: { ROUND: "${round}", START_MS: "${startMs}" }
health: { http: /up, interval: 50ms, deadline: 600s }
deploy: { stopTimeout: 1s }
`;

  test("two controllers at once never interleave on a machine, whatever they want", async () => {
    const site = await siteOn(fleet, ["a-1", "a-2"]);
    for (let round = 1; round <= 6; round++) {
      const first = await site.commit("One", { "apps/shop.yaml": app(site, "1", round) });
      const second = await site.commit("Two", { "apps/shop.yaml": app(site, "2", round) });
      // The same wish at first, then contrary ones.
      const wishes = round <= 2 ? [second, second] : [first, second];
      const children = wishes.map((revision) =>
        startController({ ...site.options, allowRewind: true, revision }),
      );
      const ends = await Promise.all(children.map((child) => child.ended));
      for (const machine of ["a-1", "a-2"]) {
        const [one, other] = children.map((child) => spanOn(child.made(), machine));
        assert.ok(
          isDisjoint(one, other),
          `round ${round} on ${machine}:\n${ends.map((e) => e.said).join("\n\n")}`,
        );
      }
      for (const { outcome, said } of ends) {
        const isLockedOut = outcome?.troubles.every((t) => t.class === "locked") === true;
        assert.ok(outcome?.outcome === "applied" || isLockedOut, said + JSON.stringify(outcome));
      }
      await site.settle();
      assert.equal((await site.running("a-1", "shop")).length, 1);
      assert.equal((await site.running("a-2", "shop")).length, 1);
    }
    await site.close();
  });

  test("a holder that stood still is fenced off, changes nothing and tells nothing", async () => {
    const site = await siteOn(fleet, ["b"]);
    const machine = fleet.machine("b");
    await site.commit("One", { "apps/shop.yaml": app(site, "1", 1) });
    await site.settle();
    const commit = await site.commit("Two", { "apps/shop.yaml": app(site, "2", 1, 15_000) });
    const stale = startController(site.options);
    await until("the new container is started", async () =>
      stale.made().some((c) => c.text.endsWith("/start")) ? true : undefined,
    );
    stale.process.kill("SIGSTOP");
    const locked = await site.reconcile();
    assert.deepEqual(
      [locked.outcome, locked.troubles[0]?.class],
      ["incomplete", "locked"],
      JSON.stringify(locked),
    );
    await until(
      "the lock is free",
      async () => ((await see(machine, "acme")).isLocked ? undefined : true),
      2 * silenceMs,
    );
    await site.settle();
    const seen = await see(machine, "acme");
    const inventory = await machine.exec(["cat", "/var/lib/slipway/acme/inventory.json"]);
    const sinceMs = Date.now();
    stale.process.kill("SIGCONT");
    const { outcome, said } = await stale.ended;
    assert.ok(outcome !== undefined, said);
    // Stopped in the middle of a question, it hears of that first: the engine's answer came too late.
    const [trouble, ...more] = outcome.troubles.map((t) => t.class);
    assert.ok(trouble === "fenced" || trouble === "engine", JSON.stringify(outcome));
    assert.deepEqual(more, [], JSON.stringify(outcome));
    assert.deepEqual(await eventsSince(machine, "shop", sinceMs), []);
    assert.deepEqual(await see(machine, "acme"), seen);
    assert.equal(
      (await machine.exec(["cat", "/var/lib/slipway/acme/inventory.json"])).stdout,
      inventory.stdout,
    );
    const note = await site.infra.git("notes", "--ref=slipway", "show", commit);
    assert.equal(parseOutcome(note)?.outcome, "applied", note);
    await site.close();
  });

  test("a cut link frees the lock, and its holder finds out", async () => {
    const site = await siteOn(fleet, ["c"]);
    const machine = fleet.machine("c");
    await site.commit("One", { "apps/shop.yaml": app(site, "1", 1) });
    await site.settle();
    await site.by(async ({ world }) => {
      const { documents } = await readRevision(world);
      assert.ok(documents !== undefined);
      const target = targetsOf(documents).get("c");
      assert.ok(target !== undefined);
      const hold = await takeLock(await world.remote.session(target), "acme", systemClock);
      assert.ok(hold !== undefined);
      await machine.faults.cut();
      assert.ok((await see(machine, "acme")).isLocked);
      await until(
        "the lock is free",
        async () => ((await see(machine, "acme")).isLocked ? undefined : true),
        2 * silenceMs,
      );
      await machine.faults.mend();
      await assert.rejects(hold.fence(0));
      await hold.release();
    });
    await site.settle();
    await site.close();
  });
});

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the first change on a machine to the end of the last; asking for its lock changes nothing. */
function spanOn(calls: readonly CallMade[], machine: string): Span | undefined {
  const own = calls.filter((c) => c.machine === machine && c.text !== "lock");
  if (own.length === 0) return undefined;
  return {
    fromMs: Math.min(...own.map((c) => c.fromMs)),
    toMs: Math.max(...own.map((c) => c.toMs ?? c.fromMs)),
  };
}

const isDisjoint = (a: Span | undefined, b: Span | undefined): boolean =>
  a === undefined || b === undefined || a.toMs < b.fromMs || b.toMs < a.fromMs;
