import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import { changesOf } from "../../src/model/plan.ts";
import { SimFleet, type Files } from "../support/sim-fleet.ts";

const repo = (port: number, path: string, more = ""): Files => ({
  "slipway.yaml": `fleet: acme\n`,
  "machines/m1.yaml": "address: 10.0.0.1\n",
  "apps/shop.yaml": `image: registry.example.com/shop:1\nmachines: all\nport: ${port}\nhealth: { http: ${path} }\n${more}`,
});

const routed = "routes: [{ host: shop.test, tls: off }]\n";

/** By names and ids: who runs, and who is kept. */
const containers = (fleet: SimFleet): readonly string[] =>
  [...fleet.sims.values()].flatMap(({ engine }) =>
    engine.containers
      .filter(({ name }) => name.startsWith("acme-shop"))
      .map(({ id, name, status }) => `${status} ${name} ${id}`)
      .toSorted(),
  );

let revision = 0;
const changed = async (fleet: SimFleet, files: Files): Promise<readonly Change[]> => {
  const plans = await fleet.converge(files, `${++revision}`.repeat(40).slice(0, 40));
  return plans.flatMap(changesOf).filter(({ kind }) => kind === "app/container");
};

for (const [what, files, field] of [
  ["another port", repo(9090, "/up", routed), { path: "port", declared: 9090, live: 8080 }],
  [
    "another path of its health",
    repo(8080, "/ready", routed),
    { path: "health.http", declared: "/ready", live: "/up" },
  ],
] as const)
  test(`${what} makes another container behind the proxy, and a revert brings the first one back`, async () => {
    const fleet = new SimFleet();
    const first = repo(8080, "/up", routed);
    await changed(fleet, first);
    const before = containers(fleet);
    const [change, ...more] = await changed(fleet, files);
    assert.equal(change?.action, "replace");
    assert.deepEqual(change.fields, [field]);
    assert.deepEqual(more, []);
    const after = containers(fleet);
    assert.equal(after.length, 2);
    const there = await changed(fleet, first);
    assert.deepEqual(
      there.map(({ action }) => action),
      ["replace"],
    );
    assert.equal(
      containers(fleet).find((c) => c.startsWith("running")),
      before[0],
    );
    await changed(fleet, files);
    assert.deepEqual(containers(fleet), after);
  });

test("an app that gets its first route, or is asked otherwise without one, runs on", async () => {
  const fleet = new SimFleet();
  await changed(fleet, repo(8080, "/up"));
  const before = containers(fleet);
  for (const files of [
    repo(8080, "/up", routed),
    repo(8080, "/up"),
    repo(8080, "/ready"),
    repo(8080, "/up", routed),
  ]) {
    assert.deepEqual(await changed(fleet, files), []);
    assert.deepEqual(containers(fleet), before);
  }
});
