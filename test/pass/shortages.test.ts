import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../../src/model/observation.ts";
import type { Resource } from "../../src/model/resource.ts";
import { shortagesOf } from "../../src/pass/shortages.ts";
import { facts } from "../support/converge.ts";
import { planOf } from "./facts.ts";

const container = (
  limits: { readonly memoryBytes?: number; readonly memoryReservationBytes?: number },
  { running = true, kind = "app/container" } = {},
): Resource => ({
  address: "machine/web-1/app/shop/container/1",
  kind,
  machine: "web-1",
  name: "1",
  // Of a spec only this matters here.
  spec: { running, limits },
});

const seen = (memoryTotalBytes: number): ReadonlyMap<string, Observation> =>
  new Map([
    [
      "web-1",
      {
        machine: "web-1",
        facts: { ...facts, memoryTotalBytes },
        inventory: { state: "absent" },
        kinds: new Map(),
        troubles: [],
      },
    ],
  ]);

const plan = planOf();

const six = { memoryBytes: 6 };
const cases: readonly (readonly [
  name: string,
  resources: readonly Resource[],
  declared: number | undefined,
])[] = [
  ["nothing", [], undefined],
  ["as much as there is", [container(six), container({ memoryBytes: 4 })], undefined],
  ["limits beyond it", [container(six), container(six)], 12],
  [
    "a reservation, which comes before the limit",
    [container({ ...six, memoryReservationBytes: 2 }), container(six)],
    undefined,
  ],
  [
    "reservations beyond it",
    [container({ memoryReservationBytes: 9 }), container({ memoryReservationBytes: 2 })],
    11,
  ],
  ["what is stopped", [container(six), container(six, { running: false })], undefined],
  ["another kind", [container(six), container(six, { kind: "app/job" })], undefined],
  ["no limits", [container({}), container({})], undefined],
];

for (const [name, resources, declared] of cases) {
  test(`of 10 bytes: ${name}`, () =>
    assert.deepEqual(
      shortagesOf({ plan, resources, observations: seen(10) }),
      declared === undefined ? [] : [{ machine: "web-1", of: "memory", declared, total: 10 }],
    ));
}

test("what a machine has that did not answer is not known", () =>
  assert.deepEqual(
    shortagesOf({ plan, resources: [container(six), container(six)], observations: new Map() }),
    [],
  ));
