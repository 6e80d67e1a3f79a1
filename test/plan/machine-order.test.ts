import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../../src/model/observation.ts";
import type { Held, UnknownLive } from "../../src/model/plan.ts";
import { inMachineOrder, withoutMachinesWaiting } from "../../src/plan/machine-order.ts";
import { changeOf } from "../support/changes.ts";
import { facts } from "../support/converge.ts";

const seen = (isReached = true): Observation => ({
  machine: "",
  inventory: { state: "unknown", why: "" },
  kinds: new Map(),
  troubles: [],
  ...(isReached ? { facts } : {}),
});

interface Given {
  /** `web-1 sysctl`, or `web-1 app/shop` */
  readonly changes: readonly string[];
  readonly order: Readonly<Record<string, readonly string[]>>;
  readonly unknown?: string;
  readonly held?: string;
  readonly silent?: string;
}

const changesFrom = (texts: readonly string[]) =>
  texts.map((text) => {
    const [machine = "", what = ""] = text.split(" ");
    return what.startsWith("app/")
      ? changeOf(machine, "app/container", what.slice("app/".length), "1")
      : changeOf(machine, `machine/${what}`, undefined, "");
  });

/** Who waits for whom. */
function waiting({ changes, order, unknown, held, silent }: Given): readonly string[] {
  const unknowns: readonly UnknownLive[] =
    unknown === undefined
      ? []
      : [{ address: unknown, machine: unknown.split("/")[1] ?? "", why: "" }];
  const helds: readonly Held[] =
    held === undefined
      ? []
      : [{ address: held, code: "login", text: "", machine: held.split("/")[1] ?? "" }];
  const machines = ["db-1", "db-2", "web-1", "web-2"];
  return withoutMachinesWaiting(changesFrom(changes), unknowns, helds, {
    machineOrder: new Map(Object.entries(order)),
    observations: new Map(machines.map((machine) => [machine, seen(machine !== silent)])),
  }).flatMap(({ address, waits }) => (waits === undefined ? [] : `${address}: ${waits}`));
}

const cases: readonly (readonly [string, Given, readonly string[]])[] = [
  ["none where nobody said so", { changes: ["db-1 sysctl", "web-1 sysctl"], order: {} }, []],
  [
    "its settings and what apps stand on, but not its apps",
    {
      changes: ["db-1 sysctl", "web-1 sysctl", "web-1 mounts", "web-1 app/shop", "web-1 names"],
      order: { "web-1": ["db-1"] },
    },
    [
      "machine/web-1/sysctl: machine/db-1 is as declared",
      "machine/web-1/mounts: machine/db-1 is as declared",
    ],
  ],
  [
    "not for apps of the other",
    { changes: ["db-1 app/db", "web-1 sysctl"], order: { "web-1": ["db-1"] } },
    [],
  ],
  [
    "not once the other is as declared",
    { changes: ["web-1 sysctl"], order: { "web-1": ["db-1"] } },
    [],
  ],
  [
    "for one that does not answer",
    { changes: ["web-1 sysctl"], order: { "web-1": ["db-1"] }, silent: "db-1" },
    ["machine/web-1/sysctl: machine/db-1 is as declared"],
  ],
  [
    "for one of which something cannot be seen",
    { changes: ["web-1 sysctl"], order: { "web-1": ["db-1"] }, unknown: "machine/db-1/users/ada" },
    ["machine/web-1/sysctl: machine/db-1 is as declared"],
  ],
  [
    "not for an app that cannot be seen",
    {
      changes: ["web-1 sysctl"],
      order: { "web-1": ["db-1"] },
      unknown: "machine/db-1/app/db/image",
    },
    [],
  ],
  [
    "for one of which something is held",
    { changes: ["web-1 sysctl"], order: { "web-1": ["db-1"] }, held: "machine/db-1/users/bob" },
    ["machine/web-1/sysctl: machine/db-1 is as declared"],
  ],
  [
    "not for a reboot that is held for its time",
    { changes: ["web-1 sysctl"], order: { "web-1": ["db-1"] }, held: "machine/db-1/reboot" },
    [],
  ],
  [
    "over one that has nothing to do itself",
    { changes: ["db-1 sysctl", "web-2 sysctl"], order: { "web-2": ["web-1"], "web-1": ["db-1"] } },
    ["machine/web-2/sysctl: machine/web-1 is as declared"],
  ],
  [
    "and none that is after another",
    { changes: ["db-1 sysctl", "web-1 sysctl"], order: { "web-1": ["db-2"] } },
    [],
  ],
  [
    "not for ever where two wait for each other, which is a finding",
    { changes: ["web-1 sysctl"], order: { "web-1": ["web-2"], "web-2": ["web-1"] } },
    ["machine/web-1/sysctl: machine/web-2 is as declared"],
  ],
];

for (const [name, given, wanted] of cases)
  test(`a machine waits: ${name}`, () => assert.deepEqual(waiting(given), wanted));

const orders: readonly (readonly [string, Readonly<Record<string, readonly string[]>>, string])[] =
  [
    ["by name", {}, "a b c"],
    ["after those that they are after", { a: ["c"] }, "c a b"],
    ["over one that is not among them", { a: ["x"], x: ["c"] }, "c a b"],
    ["all of them in a circle", { a: ["b"], b: ["a"] }, "b a c"],
  ];

for (const [name, order, wanted] of orders)
  test(`machines go ${name}`, () =>
    assert.equal(
      inMachineOrder(["b", "c", "a"], (one) => one, new Map(Object.entries(order))).join(" "),
      wanted,
    ));
