import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { changesOf } from "../../src/model/plan.ts";
import { documentsOf, SimFleet, type Files } from "../support/sim-fleet.ts";

const machineNames = ["m1", "m2", "m3"] as const;
const appNames = ["db", "shop", "work"] as const;

const anyApp = (name: string, index: number): fc.Arbitrary<string> =>
  fc
    .record({
      version: fc.integer({ min: 1, max: 3 }),
      machines: fc.constantFrom("all", "m1", "[m1, m2]"),
      instances: fc.integer({ min: 0, max: 2 }),
      publish: fc.constantFrom(undefined, "private", "local", "public"),
      env: fc.constantFrom(undefined, "a", "b"),
      volume: fc.boolean(),
      memory: fc.constantFrom(undefined, "64m", "128m"),
      stopped: fc.boolean(),
      services: fc.boolean(),
      file: fc.boolean(),
      told: fc.boolean(),
      extraHosts: fc.boolean(),
      strategy: fc.constantFrom("auto", "stop-first"),
      door: fc.constantFrom(undefined, "routes", "listen"),
    })
    .map((app) => {
      const instances = app.publish === undefined ? app.instances : Math.min(app.instances, 1);
      // Services would clash over one port of the machine.
      const publish = app.publish !== undefined && !app.services;
      return [
        `image: registry.example.com/${name}:${app.version}`,
        `machines: ${app.machines}`,
        `instances: ${instances}`,
        "port: 8080",
        `deploy: { strategy: ${app.strategy} }`,
        ...(publish ? [`publish: ["${app.publish}:${9000 + index}:8080"]`] : []),
        ...(app.env === undefined ? [] : [`env: { A: ${app.env} }`]),
        ...(app.volume ? ["volumes: { data: /data }"] : []),
        ...(app.memory === undefined ? [] : [`resources: { memory: ${app.memory} }`]),
        ...(app.stopped ? ["state: stopped"] : []),
        ...(app.door === "routes" && !app.services
          ? [`routes: [{ host: ${name}.example.com, tls: off }]`]
          : []),
        ...(app.door === "listen" && !app.services && !publish ? [`listen: ${9100 + index}`] : []),
        ...(app.services ? ["services: { web: {}, back: { env: { B: back } } }"] : []),
        ...(app.file ? ["files: { /etc/app.toml: app.toml }"] : []),
        ...(app.told ? ["reload: HUP"] : []),
        ...(app.extraHosts ? ["extraHosts: { gate: host-gateway }"] : []),
        "",
      ].join("\n");
    });

/** m3 has no private address: what is private there binds the bridge. */
const machines: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/m1.yaml": "address: 10.0.0.1\n",
  "machines/m2.yaml": "address: 10.0.0.2\n",
  "machines/m3.yaml": "address: 203.0.113.3\n",
};

const anyRepo: fc.Arbitrary<Files> = fc
  .tuple(
    ...appNames.map((name, index) =>
      fc.option(fc.tuple(anyApp(name, index), fc.constantFrom("a", "b"))),
    ),
  )
  .map((apps) => {
    const own = appNames.flatMap((name, i) => {
      const [yaml, toml] = apps[i] ?? [];
      return yaml === undefined || toml === undefined
        ? []
        : [[`apps/${name}/app.yaml`, yaml] as const, [`apps/${name}/app.toml`, toml] as const];
    });
    return { ...machines, ...Object.fromEntries(own) };
  });

const revisionOf = (index: number): string => String(index).padStart(40, "0");

test("a repo converges, and then nothing is planned, whatever the next revision is called", async () => {
  await fc.assert(
    fc.asyncProperty(anyRepo, async (files) => {
      const fleet = new SimFleet();
      await fleet.converge(files, revisionOf(1));
      const again = fleet.plan(await documentsOf(files, revisionOf(2)), files);
      assert.deepEqual(
        changesOf(again).map((c) => `${c.action} ${c.address}`),
        [],
      );
      assert.deepEqual(again.unknown, []);
    }),
    { numRuns: 60 },
  );
});

test("any commits and reverts end in the state of the last one", async () => {
  const history = fc.array(fc.oneof(anyRepo, fc.nat(4)), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(anyRepo, history, async (first, commits) => {
      const repos: Files[] = [first];
      for (const commit of commits)
        repos.push(typeof commit === "number" ? (repos[commit] ?? first) : commit);
      const fleet = new SimFleet();
      for (const [index, files] of repos.entries()) await fleet.converge(files, revisionOf(index));
      const fresh = new SimFleet();
      await fresh.converge(repos.at(-1) ?? first, revisionOf(repos.length - 1));
      assert.deepEqual(fleet.state(), fresh.state());
      assert.deepEqual([...fleet.sims.keys()], [...machineNames]);
    }),
    { numRuns: 40 },
  );
});
