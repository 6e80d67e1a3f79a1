import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { documentsOf, SimFleet, type Files } from "../support/sim-fleet.ts";

const machines: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/m1.yaml": "address: 10.0.0.1\n",
  "machines/m2.yaml": "address: 10.0.0.2\n",
};

/** An app with all that is called after it. */
const everything = [
  "image: registry.example.com/shop:1",
  "machines: all",
  "instances: 2",
  "port: 8080",
  "volumes: { data: /data }",
  "files: { /etc/app.toml: app.toml }",
  "extraHosts: { gate: host-gateway }",
  "release: { command: [migrate] }",
  "services: { web: {}, back: { env: { B: back } } }",
];
const flat = everything.filter((line) => !line.startsWith("services"));

const app = (name: string, lines: readonly string[], from?: string): Files => ({
  ...machines,
  [`apps/${name}/app.yaml`]: [
    ...lines,
    ...(from === undefined ? [] : [`renamedFrom: ${from}`]),
    "",
  ].join("\n"),
  [`apps/${name}/app.toml`]: "a",
});

let revision = 0;
const nextRevision = (): string => String(++revision).padStart(40, "0");

const running = (fleet: SimFleet): readonly string[] =>
  [...fleet.sims].flatMap(([machine, { engine }]) =>
    engine.containers.filter((c) => engine.isRunning(c)).map((c) => `${machine} ${c.id}`),
  );

const named = (fleet: SimFleet, what: "volumes" | "networks"): readonly string[] =>
  [...fleet.sims]
    .flatMap(([m, { engine }]) => engine[what].map((v) => `${m} ${v.name}`))
    .toSorted();

const runningNames = (fleet: SimFleet): readonly string[] =>
  [...fleet.sims].flatMap(([m, { engine }]) =>
    engine.containers
      .filter((c) => engine.isRunning(c))
      .map((c) => `${m} ${c.name.replace(/-[0-9a-f]{8}$/, "")}`),
  );

/** Converges, and tells which kinds of changes that took. */
async function go(fleet: SimFleet, files: Files): Promise<ReadonlySet<string>> {
  const plans = await fleet.converge(files, nextRevision());
  const again = changesOf(fleet.plan(await documentsOf(files, nextRevision()), files));
  assert.deepEqual(
    again.map((c) => `${c.address}: ${c.reason.text}`),
    [],
  );
  const held = plans.flatMap((p) => p.held);
  assert.deepEqual(held, []);
  return new Set(plans.flatMap(changesOf).map((c) => `${c.action} ${c.kind}`));
}

const renaming = new Set(["update machine/names", "update app/container"]);

for (const [form, lines] of [
  ["a flat app", flat],
  ["an app with services", everything],
] as const) {
  describe(`${form} that is renamed`, () => {
    const steps: readonly (readonly [says: string, files: Files])[] = [
      ["once", app("products", lines, "catalog")],
      ["without the line later", app("products", lines)],
      ["again", app("store", lines, "products")],
      ["back by a revert", app("products", lines)],
      ["back to where it began", app("catalog", lines)],
      ["and once more", app("products", lines, "catalog")],
    ];

    test("keeps containers, volumes and bridges, whatever it is called", async () => {
      const fleet = new SimFleet();
      await go(fleet, app("catalog", lines));
      const first = [running(fleet), named(fleet, "volumes"), named(fleet, "networks")];
      for (const [says, files] of steps) {
        const kinds = await go(fleet, files);
        for (const kind of kinds) assert.ok(renaming.has(kind), `${says}: ${kind}`);
        const now = [running(fleet), named(fleet, "volumes"), named(fleet, "networks")];
        assert.deepEqual(now, first, says);
        const [name = ""] = Object.keys(files).flatMap((f) => /apps\/(\w+)\//.exec(f)?.[1] ?? []);
        for (const c of runningNames(fleet)) assert.match(c, new RegExp(` acme-${name}-`));
      }
    });

    test("and changed rolls once, with its data, and then goes by the new name alone", async () => {
      const fleet = new SimFleet();
      await go(fleet, app("catalog", lines));
      const volumes = named(fleet, "volumes");
      const newer = lines.map((line) => line.replace("shop:1", "shop:2"));
      const before = running(fleet);
      const kinds = await go(fleet, app("products", newer, "catalog"));
      assert.ok(kinds.has("replace app/container") && kinds.has("run app/release"));
      assert.ok(running(fleet).every((c) => !before.includes(c)));
      assert.deepEqual(named(fleet, "volumes"), volumes);
      for (const { engine } of fleet.sims.values())
        for (const c of engine.containers.filter((one) => engine.isRunning(one)))
          assert.ok((c.body["Env"] as string[]).some((e) => e.startsWith("SLIPWAY_APP=products")));
      const rolled = running(fleet);
      await go(fleet, app("products", newer));
      assert.deepEqual(running(fleet), rolled);
      const back = await go(fleet, app("catalog", lines));
      assert.ok(!back.has("run app/release") && !back.has("create app/container"));
      assert.deepEqual(new Set(running(fleet)), new Set(before), "the kept ones come back");
      assert.deepEqual(named(fleet, "volumes"), volumes);
    });

    test("twice while a machine was away keeps what is there", async () => {
      const fleet = new SimFleet();
      await go(fleet, app("catalog", lines));
      const first = [running(fleet), named(fleet, "volumes"), named(fleet, "networks")];
      fleet.away.add("m2");
      await fleet.converge(app("products", lines, "catalog"), nextRevision());
      fleet.away.delete("m2");
      await go(fleet, app("store", lines, "products"));
      assert.deepEqual([running(fleet), named(fleet, "volumes"), named(fleet, "networks")], first);
    });

    test("scales under its new name, also to another machine", async () => {
      const fleet = new SimFleet();
      const one = lines.map((line) => line.replace("machines: all", "machines: [m1]"));
      await go(fleet, app("catalog", one));
      const first = running(fleet);
      const more = lines.map((line) => line.replace("instances: 2", "instances: 3"));
      await go(fleet, app("products", more, "catalog"));
      assert.ok(first.every((c) => running(fleet).includes(c)));
      assert.deepEqual(named(fleet, "volumes"), ["m1 catalog_data", "m2 products_data"]);
      const less = lines.map((line) => line.replace("instances: 2", "instances: 1"));
      await go(fleet, app("products", less));
      assert.ok(running(fleet).every((c) => c.startsWith("m2") || first.includes(c)));
    });
  });
}

test("names of a renamed app stand for it, though the engine knows it by the former one", async () => {
  const fleet = new SimFleet();
  const lines = ["image: registry.example.com/shop:1", "machines: all", "instances: 2"];
  await go(fleet, app("catalog", lines));
  await go(fleet, app("products", lines, "catalog"));
  const hosts = fleet.sims.get("m2")?.disk.read("/var/lib/slipway/acme/hosts") ?? "";
  const near = hosts.split("\n").flatMap((line) => /^172\S+ (.*)$/.exec(line)?.[1] ?? []);
  assert.deepEqual(near, ["products-3 products products.m2", "products-4 products products.m2"]);
  const newer = lines.map((line) => line.replace("shop:1", "shop:2"));
  await go(fleet, app("products", newer, "catalog"));
  const then = fleet.sims.get("m2")?.disk.read("/var/lib/slipway/acme/hosts") ?? "";
  assert.match(then, /^172\S+ products-3$/m);
});
