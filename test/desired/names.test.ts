import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileFiles, containersOf, namesOn } from "./compiled.ts";

const machine = (last: number): string => `address: 10.0.0.${last}\n`;
const publicOnly = "address: 203.0.113.13\n";

/** As a file's lines: a large fleet's may stand as many lines in one string. */
const lines = (parts: readonly string[]): readonly string[] => parts.flatMap((p) => p.split("\n"));

test("a machine's own names come first; instances are numbered over the fleet", async () => {
  const compiled = await compileFiles({
    "machines/web-1.yaml": machine(11),
    "machines/web-2.yaml": machine(12),
    "machines/web-3.yaml": publicOnly,
    "apps/shop.yaml": "image: shop:1\nmachines: all\nperMachine: { web-1: { instances: 2 } }\n",
    "apps/db.yaml": 'image: db:1\nmachines: web-2\npublish: ["5432:5432"]\n',
  });
  const one = "10.0.0.11 web-1 shop shop-1 shop-2 shop.web-1";
  const two = "10.0.0.12 web-2 db db-1 db.web-2 shop shop-3 shop.web-2";
  assert.deepEqual(lines(namesOn(compiled, "web-1").machineLines), [one, two]);
  assert.deepEqual(lines(namesOn(compiled, "web-2").machineLines), [two, one]);
  assert.deepEqual(lines(namesOn(compiled, "web-3").machineLines), [
    "127.0.0.1 web-3 shop shop-4 shop.web-3",
    one,
    two,
  ]);
  const published = { one: "10.0.0.11 web-1", two: "10.0.0.12 web-2 db db-1 db.web-2" };
  const instances = {
    one: "10.0.0.11 shop-1 shop-2 shop.web-1",
    two: "10.0.0.12 shop-3 shop.web-2",
  };
  assert.deepEqual(
    lines(namesOn(compiled, "web-1").containerLines),
    ["10.0.0.11 web-1", published.two, instances.two],
    "the name of what is reached through the bridge is left to the engine",
  );
  assert.deepEqual(lines(namesOn(compiled, "web-2").containerLines), [
    published.two,
    published.one,
    instances.one,
  ]);
  assert.deepEqual(
    lines(namesOn(compiled, "web-3").containerLines),
    ["172.30.0.1 web-3", published.one, published.two, instances.one, instances.two],
    "without a private address the bridge is the way to the machine",
  );
});

test("an instance that is not published is named by the address that it has for good", async () => {
  const files = {
    "machines/web-1.yaml": machine(11),
    "machines/web-2.yaml": machine(12),
    "apps/shop.yaml": "image: shop:1\nmachines: all\ninstances: 2\n",
    "apps/db.yaml": 'image: db:1\nmachines: web-2\npublish: ["5432:5432"]\n',
  };
  const serving = { "shop/1": "172.30.80.1", "shop/2": "172.30.80.2", "db/1": "172.30.80.3" };
  const compiled = await compileFiles(files, { serving });
  assert.deepEqual(lines(namesOn(compiled, "web-2").containerLines), [
    "10.0.0.12 web-2 db db-1 db.web-2",
    "172.30.80.1 shop-3",
    "172.30.80.2 shop-4",
    "10.0.0.11 web-1",
    "10.0.0.11 shop-1 shop-2 shop.web-1",
  ]);
  const more = await compileFiles(
    {
      ...files,
      "apps/shop.yaml": `${files["apps/shop.yaml"]}perMachine: { web-1: { instances: 3 } }\n`,
    },
    { serving },
  );
  const moved = lines(namesOn(more, "web-2").containerLines).slice(1, 3);
  assert.deepEqual(moved, ["172.30.80.1 shop-4", "172.30.80.2 shop-5"]);
});

test("one that is yet to be made is named by the address that it will get; one that failed is not", async () => {
  const files = { "apps/shop.yaml": "image: shop:1\ninstances: 3\n" };
  const range = { subnet: "172.30.0.0/16", gateway: "172.30.0.1", dynamic: "172.30.0.0/18" };
  const serving = { "shop/3": "172.30.80.3" };
  const compiled = await compileFiles(files, { range, serving, nameless: ["shop/2"] });
  const first = containersOf(compiled)["web-1/shop/1"]?.networks;
  assert.ok(first !== undefined && first !== "host");
  assert.deepEqual(lines(namesOn(compiled, "web-1").containerLines).slice(1), [
    `${first[0]?.address} shop-1`,
    "172.30.80.3 shop-3",
  ]);
});

const reached: readonly (readonly [more: string, isThroughMachine: boolean])[] = [
  ["", false],
  ['publish: ["80:80"]', true],
  ['publish: ["public:80:80"]', true],
  ['publish: ["local:80:80"]', false],
  ['publish: ["10.0.0.11:80:80"]', true],
  ['publish: ["203.0.113.10:80:80"]', false],
  ['publish: ["0.0.0.0:80:80"]', true],
  ['publish: ["local:80:80", "81:81"]', true],
  ["network: host", true],
];

for (const [more, isThroughMachine] of reached) {
  test(`${more || "no publish"}: ${isThroughMachine ? "through the machine" : "on the bridge"}`, async () => {
    const compiled = await compileFiles({ "apps/shop.yaml": `image: shop:1\n${more}\n` });
    const [first = ""] = lines(namesOn(compiled, "web-1").containerLines);
    assert.equal(first.split(" ").includes("shop"), isThroughMachine, first);
  });
}

test("extraHosts stand in a file of the app's own; host-gateway is the machine", async () => {
  const compiled = await compileFiles({
    "apps/shop.yaml": "image: shop:1\nextraHosts: { gate: host-gateway, mail: 198.51.100.7 }\n",
  });
  assert.deepEqual(namesOn(compiled, "web-1").extra, {
    shop: ["172.30.0.1 gate", "198.51.100.7 mail"],
  });
});

test("no line is longer than musl reads, and every name is on one", async () => {
  const apps = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(apps, async (counts) => {
      const files = Object.fromEntries(
        counts.map((instances, i) => [
          `apps/a-rather-long-name-of-an-app-${i}.yaml`,
          `image: a:1\nmachines: all\ninstances: ${instances}\n`,
        ]),
      );
      const compiled = await compileFiles({ ...files, "machines/web-2.yaml": machine(12) });
      const all = lines(namesOn(compiled, "web-1").machineLines);
      for (const line of all) assert.ok(Buffer.byteLength(line) < 512, line);
      const names = all.flatMap((line) => line.split(" ").slice(1));
      counts.forEach((instances, i) => {
        for (let n = 1; n <= 2 * instances; n++)
          assert.ok(names.includes(`a-rather-long-name-of-an-app-${i}-${n}`));
      });
    }),
    { numRuns: 30 },
  );
});
