import { describe, test } from "node:test";
import { newParseCache } from "../support/sim/controller.ts";
import { play } from "../support/sim/play.ts";
import type { Scenario } from "../support/sim/scenario.ts";
import { change, pass, scenarioOf } from "./scenarios.ts";

/** What went wrong once: each name says what should be. */
const cases: readonly (readonly [string, Scenario])[] = [
  [
    "a history without faults ends as it is declared",
    scenarioOf([pass(), change("shop", { version: 2 }), pass(), change("db", { env: 1 })], {
      machines: 2,
      shop: { on: 3, instances: 2 },
    }),
  ],
  [
    "what had no turn before the line broke is not told as failed",
    scenarioOf([pass({ at: 13, what: "lost-undone" })]),
  ],
  [
    "an engine that is ill when a container is started is no failure of the app",
    scenarioOf([pass({ at: 28, what: "ill", machine: 0, forMs: 13 })], {
      shop: { nature: "slow" },
    }),
  ],
  [
    "a release waits for the files and images of its machine",
    scenarioOf([pass({ at: 49, what: "registry", machine: 0, forMs: 20 })], {
      seed: 7,
      machines: 2,
      db: { hasServices: true, hasRelease: true, hasFile: true },
    }),
  ],
  [
    "a first try that a line left running is put away when the app failed elsewhere",
    scenarioOf([pass({ at: 71, what: "lost-undone" })], {
      machines: 2,
      db: { nature: "sick", on: 3 },
    }),
  ],
  [
    "an app that ran nowhere has not been proven, and does not return to what fails",
    scenarioOf([pass(), change("work", { instances: 1 }), pass()], {
      work: { nature: "sick", instances: 0 },
    }),
  ],
  [
    "what only the look under the lock has found is done in the next round",
    scenarioOf([pass({ at: 1, what: "outage", machine: 0, forMs: 10 })], { machines: 2 }),
  ],
  [
    "a release that ended while nobody looked is remembered when the next one takes its place",
    scenarioOf(
      [
        pass({ at: 67, what: "dies-after" }),
        change("db", { version: 2 }),
        pass(),
        { do: "commit", commit: { make: "revert", back: 1 } },
      ],
      { db: { hasRelease: true } },
    ),
  ],
  [
    "what only the machines remember of a revision is told to the ledger",
    scenarioOf([pass({ at: 84, what: "dies-after" })]),
  ],
  [
    "containers that stay as they are keep their bridge where their app has left",
    scenarioOf([pass(), change("db", { nature: "missing", on: 1 })], {
      machines: 2,
      db: { on: 2 },
    }),
  ],
  [
    "a container that is waited for is not called ended by an engine that is ill",
    scenarioOf([pass({ at: 60, what: "ill", machine: 0, forMs: 20 })]),
  ],
  [
    "a first try that a line left running is put away where its app has moved from",
    scenarioOf(
      [
        pass(
          { at: 72, what: "outage", machine: 0, forMs: 10 },
          { at: 66, what: "preempt", commit: { make: "change", app: 0, to: { on: 4 } } },
        ),
        pass(),
      ],
      { machines: 3, db: { nature: "sick" }, shop: { on: 3 } },
    ),
  ],
  [
    "machines are not locked again and again where only the order of what is known differs",
    scenarioOf(
      [
        pass(
          {
            at: 2,
            what: "preempt",
            commit: { make: "change", app: 0, to: { nature: "bad-release" } },
          },
          { at: 1, what: "rival" },
        ),
        pass(),
        pass({ at: 1, what: "preempt", commit: { make: "revert", back: 1 } }),
        pass({ at: 4, what: "lost-undone" }),
      ],
      {
        db: { isStateful: true, hasRelease: true, isStopped: true },
      },
    ),
  ],
  [
    "an app that waits keeps its bridge where it is to leave",
    scenarioOf([pass(), change("shop", { nature: "exits" }), change("work", { on: 2 }), pass()], {
      machines: 2,
      db: { on: 2 },
      shop: { on: 2 },
      work: { isAfter: true },
    }),
  ],
  [
    "nothing rolls while nobody knows whether its release has run",
    scenarioOf(
      [
        change("work", { nature: "bad-release", on: 7 }),
        pass(
          { at: 18, what: "ill", machine: 0, forMs: 103 },
          { at: 1, what: "full", machine: 0, forMs: 115 },
        ),
        pass(),
      ],
      { machines: 2, shop: { on: 3, hasServices: true }, work: { hasRelease: true } },
    ),
  ],
  [
    "nothing is put on a machine whose bridge could not be made",
    scenarioOf([pass({ at: 40, what: "ill", machine: 0, forMs: 10 }, { at: 36, what: "rival" })], {
      machines: 2,
    }),
  ],
  [
    "nothing rolls while the machine of its release does not answer",
    scenarioOf(
      [
        pass({ at: 1, what: "outage", machine: 0, forMs: 32_287 }),
        change("shop", { nature: "bad-release", on: 3 }),
        pass(),
      ],
      { machines: 2, shop: { hasRelease: true } },
    ),
  ],
  [
    "an instance that goes has answered what it had, and is asked until the others serve",
    scenarioOf(
      [
        pass(),
        { do: "drift", how: "remove", which: 1 },
        change("shop", { instances: 1, version: 2 }),
        pass(),
      ],
      { shop: { door: "routes", instances: 2 } },
    ),
  ],
  [
    "an app that moves behind an edge is reached where it was until it works where it is to be",
    scenarioOf([pass(), change("shop", { on: 4 }), pass(), change("shop", { on: 2 }), pass()], {
      machines: 3,
      shop: { on: 2, door: "routes", isVia: true },
    }),
  ],
  [
    "the edge itself is left while others there would have its number",
    scenarioOf([pass(), change("shop", { on: 2 }), pass()], {
      machines: 2,
      shop: { door: "routes", isVia: true },
    }),
  ],
  [
    "an app that does not work where it is to be goes on where it was, and then as it was",
    scenarioOf(
      [
        pass(),
        change("shop", { on: 4, nature: "sick", version: 2 }),
        pass(),
        { do: "commit", commit: { make: "revert", back: 1 } },
        pass(),
      ],
      { machines: 3, shop: { on: 2, door: "routes", isVia: true } },
    ),
  ],
  [
    "an app that grows behind an edge gets requests on a machine once it works there",
    scenarioOf([pass(), change("shop", { on: 7 }), pass(), change("shop", { on: 3 }), pass()], {
      machines: 3,
      shop: { on: 4, door: "routes", isVia: true, instances: 2 },
    }),
  ],
  [
    "a setting that is cut, changed by hand and reverted is as it was before, and another is as declared",
    scenarioOf(
      [
        pass(),
        { do: "commit", commit: { make: "setting", machine: 0, value: 10 } },
        pass({ at: 6, what: "dies-after" }),
        pass(),
        { do: "drift", how: "setting", which: 0 },
        pass(),
        { do: "commit", commit: { make: "revert", back: 1 } },
        pass({ at: 6, what: "dies-before" }),
        { do: "commit", commit: { make: "setting", machine: 1, value: 1 } },
      ],
      { machines: 2 },
    ),
  ],
];

describe("a simulated fleet", () => {
  const cache = newParseCache();
  for (const [name, scenario] of cases)
    test(name, async () => {
      await play(scenario, cache);
    });
});
