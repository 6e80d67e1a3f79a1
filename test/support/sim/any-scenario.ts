import fc from "fast-check";
import type { Nature } from "./registry.ts";
import type { Act, AppState, AppTemplate, Commit, Fault, Scenario } from "./scenario.ts";

const anyTemplate: fc.Arbitrary<AppTemplate> = fc.record({
  isStateful: fc.boolean(),
  hasPort: fc.boolean(),
  hasServices: fc.boolean(),
  hasRelease: fc.boolean(),
  hasFile: fc.boolean(),
  isTold: fc.boolean(),
  onFailure: fc.constantFrom("revert", "revert", "halt", "continue"),
  batch: fc.integer({ min: 1, max: 2 }),
  isAfter: fc.boolean(),
  door: fc.constantFrom("none", "none", "routes", "listen"),
  isVia: fc.boolean(),
  hasCanary: fc.boolean(),
});

const natures: readonly Nature[] = [
  "good",
  "good",
  "good",
  "slow",
  "stubborn",
  "sick",
  "exits",
  "bad-release",
  "missing",
];

const stateParts = {
  version: fc.integer({ min: 1, max: 3 }),
  nature: fc.constantFrom(...natures),
  env: fc.nat(2),
  on: fc.integer({ min: 1, max: 7 }),
  instances: fc.constantFrom(1, 1, 2, 0),
  isStopped: fc.constantFrom(false, false, false, true),
};

const anyState: fc.Arbitrary<AppState> = fc.record({
  ...stateParts,
  nature: fc.constantFrom<Nature>("good", "good", "good", "slow", "sick"),
});

const anyApp = fc.nat(2);

const anyCommit: fc.Arbitrary<Commit> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      make: fc.constant("change"),
      app: anyApp,
      to: fc.record(stateParts, { requiredKeys: [] }).map(defined),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      make: fc.constant("delete"),
      apps: fc.uniqueArray(anyApp, { minLength: 1, maxLength: 3 }),
      isAllowed: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ make: fc.constant("revert"), back: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ make: fc.constant("retry"), app: anyApp }) },
  {
    weight: 2,
    arbitrary: fc.record({
      make: fc.constant("setting"),
      machine: fc.nat(2),
      value: fc.constantFrom(1, 10, 10, null),
    }),
  },
);

const at = fc.integer({ min: 1, max: 150 });

const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    at,
    what: fc.constantFrom("lost-undone", "lost-done", "dies-before", "dies-after"),
  }),
  fc.record({
    at,
    what: fc.constantFrom("outage", "ill", "full", "registry"),
    machine: fc.nat(2),
    forMs: fc.integer({ min: 10, max: 200_000 }),
  }),
  fc.record({ at, what: fc.constant("preempt"), commit: anyCommit }),
  fc.record({ at, what: fc.constant("rival") }),
);

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("commit"), commit: anyCommit }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      faults: fc.array(anyFault, { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("drift"),
      how: fc.constantFrom(
        ...(["stop", "remove", "rename", "names", "file", "setting"] as const),
        ...(["proxy", "proxy-file", "proxy-server"] as const),
      ),
      which: fc.nat(20),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget-notes") }) },
);

export const anyScenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(1_000_000),
  machines: fc.integer({ min: 1, max: 3 }),
  templates: fc.array(anyTemplate, { minLength: 3, maxLength: 3 }),
  first: fc.array(anyState, { minLength: 3, maxLength: 3 }),
  acts: fc.array(anyAct, { minLength: 1, maxLength: 12 }),
}) as fc.Arbitrary<Scenario>;

function defined<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, v]) => v !== undefined)) as T;
}
