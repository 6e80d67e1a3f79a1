import assert from "node:assert/strict";
import { test } from "node:test";
import { kinds } from "../../src/kinds/index.ts";
import type { RebootSpec, RebootState } from "../../src/kinds/index.ts";
import type { Change } from "../../src/model/change.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Held } from "../../src/model/plan.ts";
import type { Resource } from "../../src/model/resource.ts";
import { restingIn, withReboots, type RebootInput } from "../../src/plan/reboots.ts";
import { changeOf } from "../support/changes.ts";
import { facts } from "../support/converge.ts";
import { planOf } from "../pass/facts.ts";

const window = { schedule: "0 3 * * 0", forMs: 2 * 3_600_000, timezone: "Europe/Berlin" };
const machines = ["web-1", "web-2", "web-3"];

const needed = (machine: string): Change =>
  changeOf(machine, "machine/reboot", undefined, "", {
    action: "run",
    reason: { code: "reboot-needed", text: "it has to be rebooted" },
    steps: [{ do: "reboot", boot: "b", deadlineMs: 1, drains: [] }],
  });
const unproven = (machine: string): Change =>
  changeOf(machine, "machine/reboot", undefined, "", {
    action: "run",
    reason: { code: "unproven", text: "it was rebooted" },
  });

const resources = machines.map((machine): Resource => {
  const spec: RebootSpec = { window, deadlineMs: 1 };
  const address = `machine/${machine}/reboot`;
  return { address, kind: "machine/reboot", machine, name: "", spec };
});

const observation = (isReached: boolean): Observation => ({
  machine: "",
  inventory: { state: "unknown", why: "" },
  kinds: new Map(),
  troubles: [],
  ...(isReached ? { facts } : {}),
});

/** By what web-1 remembers of its last reboot. */
const since = (at: string, boot = "b"): ReadonlyMap<string, Observation> => {
  const state: RebootState = {
    boot,
    needs: ["asked at 2"],
    packages: [],
    last: { needs: ["asked at 1"], from: "a", isProven: true, atMs: Date.parse(at) },
  };
  const value = new Map([["", state]]);
  const live = new Map([["machine/reboot", { state: "present" as const, value }]]);
  return new Map([["web-1", { ...observation(true), kinds: live }]]);
};

interface Given {
  readonly changes: readonly Change[];
  /** Default: in the window, on a Sunday. */
  readonly at?: string;
  readonly silent?: string;
  readonly stopped?: readonly Held[];
  readonly more?: Partial<RebootInput>;
}

const inWindow = "2026-12-20T03:30:00+01:00";

const decided = ({ changes, at = inWindow, silent, stopped = [], more }: Given) =>
  withReboots(changes, [], stopped, {
    reboots: { nowMs: Date.parse(at) },
    allows: [],
    kinds,
    resources,
    observations: new Map(machines.map((one) => [one, observation(one !== silent)])),
    awaiting: [],
    ...more,
  });

/** By machine, what becomes of its reboot. */
function said(given: Given): readonly string[] {
  const { changes, held } = decided(given);
  return [
    ...changes
      .filter(({ kind }) => kind === "machine/reboot")
      .map(({ machine, waits, reason }) => `${machine} ${waits ?? `now: ${reason.code}`}`),
    ...held.map(({ machine, text, needs }) => `${machine} held: ${text}, ${needs}`),
  ];
}

const both = [needed("web-2"), needed("web-1")];
const allows = [{ verb: "reboot", address: "machine/web-2" }] as const;

const heldAt = (address: string, code: string, app?: string): Held => ({
  address,
  code,
  text: "",
  ...(app === undefined ? {} : { app }),
});

const cases: readonly (readonly [string, Given, readonly string[]])[] = [
  [
    "in its window one after another, in order of name",
    { changes: both },
    ["web-1 now: reboot-needed", "web-2 web-1 was rebooted"],
  ],
  [
    "after those that it is after",
    { changes: both, more: { machineOrder: new Map([["web-1", ["web-2"]]]) } },
    ["web-2 now: reboot-needed", "web-1 web-2 was rebooted"],
  ],
  [
    "before its window not",
    { changes: [needed("web-1")], at: "2026-12-20T02:59:59+01:00" },
    [
      "web-1 held: it has to be rebooted; its window opens Sun 03:00 Europe/Berlin, Slipway-Allow: reboot machine/web-1",
    ],
  ],
  [
    "from its first moment on",
    { changes: [needed("web-1")], at: "2026-12-20T03:00:00+01:00" },
    ["web-1 now: reboot-needed"],
  ],
  [
    "from its end on not",
    { changes: [needed("web-1")], at: "2026-12-20T05:00:00+01:00" },
    [
      "web-1 held: it has to be rebooted; its window opens Sun 27 Dec 2026 03:00 Europe/Berlin, Slipway-Allow: reboot machine/web-1",
    ],
  ],
  [
    "once in a window, whatever it asks for afterwards",
    { changes: [needed("web-1")], more: { observations: since("2026-12-20T03:10:00+01:00") } },
    [
      "web-1 held: it has to be rebooted; it was rebooted in this window, and the next opens Sun 27 Dec 2026 03:00 Europe/Berlin, Slipway-Allow: reboot machine/web-1",
    ],
  ],
  [
    "again in the next one",
    { changes: [needed("web-1")], more: { observations: since("2026-12-13T03:10:00+01:00") } },
    ["web-1 now: reboot-needed"],
  ],
  [
    "again where it was only told to",
    { changes: [needed("web-1")], more: { observations: since("2026-12-20T03:10:00+01:00", "a") } },
    ["web-1 now: reboot-needed"],
  ],
  [
    "at once where a commit says so",
    { changes: both, at: "2026-12-18T12:00:00Z", more: { allows } },
    [
      "web-2 now: reboot-needed",
      "web-1 held: it has to be rebooted; its window opens Sun 03:00 Europe/Berlin, Slipway-Allow: reboot machine/web-1",
    ],
  ],
  [
    "not while the fleet is frozen",
    {
      changes: [needed("web-1")],
      more: {
        reboots: {
          nowMs: Date.parse(inWindow),
          closed: {
            code: "freeze",
            text: "frozen until Mon",
            where: { file: "slipway.yaml", line: 2, col: 1 },
            untilMs: Date.parse("2026-12-21"),
          },
        },
      },
    },
    [
      "web-1 held: it has to be rebooted; it is frozen until Mon, Slipway-Allow: reboot machine/web-1",
    ],
  ],
  [
    "not while something else is to be done",
    { changes: [...both, changeOf("web-3", "app/container", "shop", "1")] },
    ["web-1 all else is as declared", "web-2 web-1 was rebooted"],
  ],
  [
    "not while an app has drifted and is not healed",
    {
      changes: [needed("web-1"), changeOf("edge", "machine/proxy", undefined, "")],
      stopped: [heldAt("machine/web-2/app/shop/container/1", "drift", "shop")],
    },
    ["web-1 nothing of shop is held"],
  ],
  [
    "not while an app has failed",
    { changes: both, stopped: [heldAt("app/shop", "failed-mark", "shop")] },
    ["web-1 nothing of shop is held", "web-2 web-1 was rebooted"],
  ],
  [
    "whatever is held of machines, and of data that nobody declares",
    {
      changes: [needed("web-1")],
      stopped: [
        heldAt("machine/web-2/users/ada", "login"),
        heldAt("machine/web-2/app/shop/volume/data", "destroy", "shop"),
      ],
    },
    ["web-1 now: reboot-needed"],
  ],
  [
    "whatever becomes of settings, which stand in nobody's way",
    { changes: [needed("web-1"), changeOf("web-1", "machine/packages", undefined, "htop")] },
    ["web-1 now: reboot-needed"],
  ],
  [
    "not while another does not answer",
    { changes: [needed("web-1")], silent: "web-3" },
    ["web-1 web-3 is seen in full"],
  ],
  [
    "not before another is proven",
    { changes: [needed("web-2"), unproven("web-1")] },
    ["web-1 now: unproven", "web-2 web-1 is proven after its reboot"],
  ],
  [
    "not proven before what is there is as it should be",
    { changes: [unproven("web-1"), changeOf("web-1", "app/container", "shop", "1")] },
    ["web-1 all else is as declared"],
  ],
  [
    "not in a plan for some other day",
    { changes: both, more: { reboots: undefined } as unknown as Partial<RebootInput> },
    [],
  ],
];

for (const [name, given, wanted] of cases)
  test(`a machine is rebooted: ${name}`, () => assert.deepEqual(said(given), wanted));

test("what is held says when the first of it may be done", () => {
  const { untilMs } = decided({ changes: both, at: "2026-12-18T12:00:00Z" });
  assert.equal(untilMs, Date.parse("2026-12-20T02:00:00Z"));
  assert.equal(decided({ changes: both }).untilMs, undefined);
});

const turnOf = (change: Change) => ({ machine: change.machine, changes: [change] });
const waits = "all else is as declared";
const proxy = changeOf("edge", "machine/proxy", undefined, "");

const resting: readonly (readonly [string, readonly Change[], readonly Change[], string?])[] = [
  ["none where none is to be rebooted", [proxy], []],
  ["the next one", [], both, "web-2"],
  ["the next one, where only proxies differ", [proxy], [{ ...needed("web-1"), waits }], "web-1"],
  [
    "none while there is more to do",
    [changeOf("edge", "app/container", "shop", "1")],
    [{ ...needed("web-1"), waits }],
  ],
  [
    "none that waits for something else",
    [],
    [{ ...needed("web-1"), waits: "web-3 is seen in full" }],
  ],
  ["one that is not proven yet", [proxy], [unproven("web-2"), needed("web-1")], "web-2"],
];

for (const [name, others, reboots, wanted] of resting)
  test(`out of use is ${name}`, () =>
    assert.equal(restingIn(planOf(others, { reboots: reboots.map(turnOf) })), wanted));
