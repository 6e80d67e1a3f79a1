import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../src/cli/look.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Survey } from "../../src/pass/survey.ts";
import { planOf as makePlan } from "../pass/facts.ts";

const observed = (machine: string, text?: string): [string, Observation] => [
  machine,
  {
    machine,
    inventory: { state: "unknown", why: "" },
    kinds: new Map(),
    troubles: text === undefined ? [] : [{ machine, class: "access", text }],
  },
];

const look = (more: Partial<Survey>): Survey =>
  ({
    plan: makePlan(),
    trail: { allows: [], applied: [] },
    resources: [],
    unresolved: new Map(),
    observations: new Map(),
    ...more,
  }) as unknown as Survey;

test("a machine in trouble is not known, though nothing of it was to be planned", () => {
  const observations = new Map([observed("a"), observed("b", "inventory.json cannot be read")]);
  assert.deepEqual(planOf(look({ observations })).unknown, [
    { address: "machine/b", machine: "b", why: "inventory.json cannot be read" },
  ]);
});

test("it is said once of each machine", () => {
  const unknown = [{ address: "machine/b/app/x/container/1", machine: "b", why: "silent" }];
  const observations = new Map([observed("b", "silent")]);
  const plan = makePlan([], { unknown });
  assert.deepEqual(planOf(look({ observations, plan })).unknown, unknown);
});
