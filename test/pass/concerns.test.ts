import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../../src/model/observation.ts";
import type { MachineStatus } from "../../src/model/status.ts";
import { concernsOf, type Shown } from "../../src/pass/concerns.ts";
import { machineStatuses } from "../../src/pass/status.ts";
import { facts } from "../support/converge.ts";

const dayMs = 86_400_000;
const now = Date.parse("2026-03-01T12:00:00Z");
const of = (available: number) => ({ total: 1000, available });
const clock = (offset: number) => ({ offset, within: 0.1 });
const shown = (days: number, life = 90): Shown => ({
  host: "shop.example.com",
  notBefore: now + (days - life) * dayMs,
  notAfter: now + days * dayMs,
});

const cases: readonly (readonly [
  name: string,
  machine: Partial<MachineStatus>,
  certificates: readonly Shown[],
  texts: readonly string[],
])[] = [
  ["nothing known", {}, [], []],
  ["room enough", { disk: of(101), inodes: of(101), memory: of(51) }, [], []],
  ["a full disk", { disk: of(100) }, [], ["a tenth of its disk is left, or less"]],
  ["no inodes left", { inodes: of(0) }, [], ["a tenth of the inodes of its disk is left, or less"]],
  ["a disk that counts none", { inodes: { total: 0, available: 0 } }, [], []],
  ["little memory", { memory: of(50) }, [], ["a twentieth of its memory is available, or less"]],
  ["a clock nearly right", { clock: clock(-5) }, [], []],
  ["a clock ahead", { clock: clock(5.1) }, [], ["its clock is more than 5 s ahead"]],
  ["a clock behind", { clock: clock(-90) }, [], ["its clock is more than 5 s behind"]],
  ["a reboot not needed", { rebootNeeded: false }, [], []],
  ["a reboot needed", { rebootNeeded: true }, [], ["it has to be rebooted for what was installed"]],
  ["a certificate of 8 days more", {}, [shown(8)], []],
  [
    "a certificate of 7 days more",
    {},
    [shown(7)],
    ["its certificate for shop.example.com ends within 7 days"],
  ],
  ["one that lives for 6 days only", {}, [shown(2, 6)], []],
  ["one that has ended", {}, [shown(0)], ["its certificate for shop.example.com has ended"]],
];

for (const [name, machine, certificates, texts] of cases) {
  test(`${name}: ${texts.join() || "no concern"}`, () =>
    assert.deepEqual(
      concernsOf({ name: "web-1", reachable: true, ...machine }, certificates, now).map(
        ({ text }) => text,
      ),
      texts,
    ));
}

const asked = { fromMs: 100_000, toMs: 102_000 };
for (const [clockMs, offset] of [
  [98_500, -1.5],
  [100_000, 0],
  [102_000, 0],
  // Of whole seconds the rest is not known.
  [99_000, -0.001],
  [109_500, 7.5],
] as const) {
  test(`asked from 100 to 102 s, a clock that shows ${clockMs} ms is surely off by ${offset} s`, () => {
    const observation: Observation = {
      machine: "web-1",
      facts: { ...facts, clockMs },
      asked,
      inventory: { state: "absent" },
      kinds: new Map(),
      troubles: [],
    };
    const [found] = machineStatuses(new Map([["web-1", observation]]), now);
    assert.deepEqual(found?.clock, { offset, within: 2 });
    assert.equal(found?.concerns?.[0]?.code, offset > 5 ? "clock" : undefined);
  });
}
