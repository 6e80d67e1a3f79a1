import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { SimFleet, type Files } from "../support/sim-fleet.ts";

const repoWith = (more: string, toml = "a"): Files => ({
  "slipway.yaml": "fleet: acme\n",
  "machines/m1.yaml": "address: 10.0.0.1\n",
  "machines/m2.yaml": "address: 10.0.0.2\n",
  "apps/shop/app.yaml": `image: registry.example.com/shop:1\nmachines: all\ninstances: 2\nport: 8080\nfiles: { /etc/app.toml: app.toml }\n${more}`,
  "apps/shop/app.toml": toml,
});

const told = "reload: HUP\n";

/** From one commit to the next: no container is made, started or removed by it. */
const cases: readonly (readonly [
  what: string,
  before: Files,
  after: Files,
  codes: readonly string[],
])[] = [
  [
    "limits",
    repoWith("resources: { memory: 64m }\n"),
    repoWith("resources: { memory: 128m, cpus: 0.5, pids: 100 }\n"),
    ["limits-changed"],
  ],
  ["the restart policy", repoWith(""), repoWith("restart: always\n"), ["restart-policy-changed"]],
  [
    "how it is probed, rolled out and healed",
    repoWith(""),
    repoWith(
      "health: { http: /up }\ndeploy: { batch: 50%, onFailure: continue }\ndrift: report\nafter: []\n",
    ),
    [],
  ],
  ["what it is told to read anew", repoWith(told), repoWith(told, "b"), ["files-changed"]],
  ["by which signal", repoWith(told), repoWith("reload: USR1\n"), []],
];

const running = (fleet: SimFleet): readonly string[] =>
  [...fleet.sims.values()].flatMap(({ engine }) =>
    engine.containers.map((c) => `${c.id} ${c.name} ${c.status} ${c.startedAt}`),
  );

for (const [what, before, after, codes] of cases) {
  test(`a commit that changes ${what} changes it in place, and its revert too`, async () => {
    const fleet = new SimFleet();
    await fleet.converge(before, "1".repeat(40));
    const then = running(fleet);
    for (const files of [after, before]) {
      const plans = await fleet.converge(files, "2".repeat(40));
      const found = plans.flatMap(changesOf).filter((c) => c.kind === "app/container");
      assert.deepEqual([...new Set(found.map((c) => c.reason.code))], codes);
      assert.ok(found.every((c) => c.action === "update" && c.disruption.kind === "none"));
      assert.deepEqual(running(fleet), then);
    }
  });
}

test("files that are told of leave nothing behind, and go with their app", async () => {
  const fleet = new SimFleet();
  const below = (): readonly string[] =>
    [...fleet.sims.values()].flatMap(({ disk }) => disk.below("/var/lib/slipway/acme/files"));
  await fleet.converge(repoWith(told), "1".repeat(40));
  const first = below();
  await fleet.converge(repoWith(told, "b"), "2".repeat(40));
  await fleet.converge(repoWith(told), "3".repeat(40));
  assert.deepEqual(below().toSorted(), first.toSorted());
  const { "apps/shop/app.yaml": _, "apps/shop/app.toml": __, ...without } = repoWith(told);
  await fleet.converge(without, "4".repeat(40));
  assert.deepEqual(
    below().filter((path) => path.includes(".live") || /[0-9a-f]{64}/.test(path)),
    [],
  );
});
