import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import type { Step } from "../../src/model/step.ts";
import { order, type FamilyPolicy } from "../../src/plan/order.ts";
import { changeOf, deletion } from "../support/changes.ts";

const policy = (more: Partial<FamilyPolicy> = {}): FamilyPolicy => ({
  after: [],
  onFailure: "revert",
  batch: 1,
  drift: "heal",
  ...more,
});

const asPlan = (ordered: ReturnType<typeof order>): Plan => ({
  revision: "r",
  held: [],
  unknown: [],
  awaiting: [],
  ...ordered,
});

test("machines, then images and files, then the release, then containers; deletion last and the other way", () => {
  const changes = [
    deletion("m1", "old", "app/volume", "data"),
    changeOf("m1", "app/container", "shop", "1"),
    deletion("m1", "old"),
    changeOf("m1", "app/release", "shop", "abc", { action: "run" }),
    changeOf("m1", "app/files", "shop", "etc/x"),
    changeOf("m1", "machine/names", undefined, ""),
    changeOf("m1", "app/image", "shop", ""),
    changeOf("m1", "app/network", undefined, "slipway-acme"),
  ];
  const ordered = order(changes, new Map([["shop", policy()]]));
  assert.deepEqual(
    changesOf(asPlan(ordered)).map((c) => c.address),
    [
      "machine/m1/network/slipway-acme",
      "machine/m1/names",
      "machine/m1/app/shop/image",
      "machine/m1/app/shop/files/etc/x",
      "machine/m1/app/shop/release/abc",
      "machine/m1/app/shop/container/1",
      "machine/m1/app/old/container/1",
      "machine/m1/app/old/volume/data",
    ],
  );
});

test("what could cut us off goes one machine after another; what apps stand on before them, and away after them", () => {
  const ordered = order(
    [
      changeOf("m2", "machine/wireguard", undefined, "", { trial: "a" }),
      changeOf("m1", "machine/wireguard", undefined, "", { trial: "b", action: "delete" }),
      changeOf("m1", "machine/sysctl", undefined, "vm.swappiness"),
      changeOf("m1", "machine/firewall", undefined, "", { trial: "c" }),
      changeOf("m1", "machine/sshd", undefined, "", { trial: "d", action: "delete" }),
      changeOf("m1", "machine/names", undefined, ""),
      changeOf("m1", "app/container", "shop", "1"),
    ],
    new Map([["shop", policy()]]),
  );
  assert.deepEqual(
    changesOf(asPlan(ordered)).map((c) => c.address),
    [
      "machine/m1/sysctl/vm.swappiness",
      "machine/m2/wireguard",
      "machine/m1/names",
      "machine/m1/sshd",
      "machine/m1/firewall",
      "machine/m1/app/shop/container/1",
      "machine/m1/wireguard",
    ],
  );
});

const wavesWith = (batch: number): readonly (readonly string[])[] => {
  const changes = ["m4", "m2", "m1", "m3"].map((m) => changeOf(m, "app/container", "shop", "1"));
  const [rollout] = order(changes, new Map([["shop", policy({ batch })]])).rollouts;
  return (rollout?.waves ?? []).map((wave) => wave.map((turn) => turn.machine));
};

test("one machine goes first as the canary, then batch at a time, in order of name", () => {
  assert.deepEqual(wavesWith(1), [["m1"], ["m2"], ["m3"], ["m4"]]);
  assert.deepEqual(wavesWith(2), [["m1"], ["m2", "m3"], ["m4"]]);
  assert.deepEqual(wavesWith(10), [["m1"], ["m2", "m3", "m4"]]);
});

test("only the first container of each app tries a share of the traffic first", () => {
  const wait: Step = { do: "mark", text: "waited" };
  const traffic = { proxy: "/p", instance: 1, pools: [] };
  const tries: Step = {
    do: "canary",
    steps: [{ do: "switch", traffic, container: "new", share: 10 }],
  };
  const trying = (steps: readonly Step[]): readonly Step[] => [
    wait,
    { do: "attempt", steps: [wait, ...steps], otherwise: [wait] },
  ];
  const inFamily = { family: "shop", steps: trying([tries]) };
  const changes = [
    changeOf("m1", "app/container", "job", "1", {
      family: "shop",
      steps: trying([]),
    }),
    changeOf("m1", "app/container", "shop", "1", inFamily),
    changeOf("m1", "app/container", "shop", "2", inFamily),
    changeOf("m1", "app/container", "shop-api", "1", inFamily),
    changeOf("m2", "app/container", "shop", "1", inFamily),
  ];
  const { rollouts } = order(changes, new Map());
  const rolled = rollouts[0]?.waves.flat().flatMap((turn) => turn.changes);
  assert.deepEqual(
    rolled?.map((c) => [c.machine, c.app, c.name, c.steps]),
    [
      ["m1", "job", "1", trying([])],
      ["m1", "shop-api", "1", trying([tries])],
      ["m1", "shop", "1", trying([tries])],
      ["m1", "shop", "2", trying([])],
      ["m2", "shop", "1", trying([])],
    ],
  );
});

test("a port that an app on its way out holds is free before the app that wants it starts", () => {
  const holds = (address: string) => [`tcp ${address} 8080`];
  const old = { ...deletion("m1", "old"), holds: holds("") };
  const other = { ...deletion("m2", "old"), holds: holds("10.0.0.9") };
  const making = ["m1", "m2"].map((m) =>
    changeOf(m, "app/container", "shop", "1", { holds: holds("10.0.0.1") }),
  );
  const { rollouts, cleanup } = order([...making, old, other], new Map());
  const [canary] = rollouts[0]?.waves[0] ?? [];
  assert.deepEqual(
    canary?.changes.map((c) => `${c.action} ${c.address}`),
    ["delete machine/m1/app/old/container/1", "create machine/m1/app/shop/container/1"],
  );
  assert.deepEqual(
    cleanup.flatMap((t) => t.changes).map((c) => c.address),
    [other.address],
  );
});

test("families come after those that they are after", () => {
  const changes = ["a", "b", "c"].map((f) => changeOf("m", "app/container", f, "1"));
  const policies = new Map([
    ["a", policy({ after: ["c"] })],
    ["b", policy({ after: ["a"] })],
    ["c", policy()],
  ]);
  assert.deepEqual(
    order(changes, policies).rollouts.map((r) => r.family),
    ["c", "a", "b"],
  );
});

test("every change is in the plan exactly once, whatever their order", () => {
  const kinds = [
    "app/image",
    "app/volume",
    "app/files",
    "app/release",
    "app/container",
    "machine/names",
  ];
  const change = fc.record({
    machine: fc.constantFrom("m1", "m2", "m3"),
    kind: fc.constantFrom(...kinds),
    app: fc.constantFrom("a", "b", "c"),
    name: fc.constantFrom("1", "2"),
    gone: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(change, { selector: (c) => JSON.stringify(c) }), (specs) => {
      const changes = specs.map((s) => {
        const app = s.kind.startsWith("machine/") ? undefined : s.app;
        return changeOf(s.machine, s.kind, app, s.name, s.gone ? { action: "delete" } : {});
      });
      const planned = changesOf(asPlan(order(changes, new Map())));
      assert.equal(planned.length, changes.length);
      assert.equal(new Set(planned).size, planned.length);
      const firstDelete = planned.findIndex((c) => c.action === "delete");
      if (firstDelete >= 0)
        assert.ok(planned.slice(firstDelete).every((c) => c.action === "delete"));
    }),
  );
});
