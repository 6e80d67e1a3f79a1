import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProxySpec } from "../../src/kinds/index.ts";
import type { Files } from "../load/repos.ts";
import { compileFiles, namesOn, type CompileOptions } from "./compiled.ts";

const files = (machines: string, more = "", others: Files = {}): Files => ({
  "slipway.yaml": "fleet: acme\nproxy: {}\n",
  ...Object.fromEntries(
    ["edge", "web-1", "web-2"].map((name, i) => [
      `machines/${name}.yaml`,
      `address: 10.0.0.1${i}\n`,
    ]),
  ),
  "apps/shop.yaml": `image: shop:1\nmachines: ${machines}\nport: 8080\nroutes: [{ host: shop.test, tls: off${more} }]\n`,
  ...others,
});

const via = ", via: edge";
const leaves = (isReached: boolean): NonNullable<CompileOptions["leaving"]> => [
  { app: "shop", machine: "web-1", isReached },
];
const first: NonNullable<CompileOptions["inService"]> = { "web-1": { shop: [1] } };
const second: NonNullable<CompileOptions["inService"]> = { "web-2": { shop: [1] } };
const handsOn = (...addresses: readonly string[]): NonNullable<CompileOptions["handsOn"]> => ({
  edge: { shop: addresses.map((address) => `${address}:8080`) },
});

const proxiesOf = async (
  given: Files,
  options: CompileOptions,
): Promise<Readonly<Record<string, ProxySpec>>> => {
  const { resources } = await compileFiles(given, options);
  const found = resources.filter(({ kind }) => kind === "machine/proxy");
  return Object.fromEntries(found.map((r) => [r.machine, r.spec as ProxySpec]));
};

const remotesOn = (proxies: Readonly<Record<string, ProxySpec>>, machine: string) =>
  proxies[machine]?.pools.flatMap((pool) => pool.remote.map((remote) => remote.machine));

const remotes: readonly {
  readonly says: string;
  readonly machines: string;
  readonly options: CompileOptions;
  readonly edge: readonly string[];
}[] = [
  {
    says: "all that are declared while nobody serves",
    machines: "[web-1, web-2]",
    options: {},
    edge: ["web-1", "web-2"],
  },
  {
    says: "who serves, and not yet who is new",
    machines: "[web-1, web-2]",
    options: { inService: first },
    edge: ["web-1"],
  },
  {
    says: "who is new once it serves",
    machines: "[web-1, web-2]",
    options: { inService: { ...first, ...second } },
    edge: ["web-1", "web-2"],
  },
  {
    says: "who was asked before, whatever became of it",
    machines: "[web-1, web-2]",
    options: { inService: first, handsOn: handsOn("10.0.0.12") },
    edge: ["web-1", "web-2"],
  },
  {
    says: "who leaves while it is needed, and not yet who comes",
    machines: "web-2",
    options: { inService: first, leaving: leaves(true) },
    edge: ["web-1"],
  },
  {
    says: "who is of no machine any more, while nobody serves where it is declared",
    machines: "web-2",
    options: { inService: {}, handsOn: handsOn("10.0.0.99", "10.0.0.12") },
    edge: ["10.0.0.99"],
  },
  {
    says: "nobody of no machine once one serves that is declared",
    machines: "[web-1, web-2]",
    options: { inService: second, handsOn: handsOn("10.0.0.99") },
    edge: ["web-2"],
  },
  {
    says: "nobody who leaves and is not needed any more",
    machines: "web-2",
    options: {
      inService: { ...first, ...second },
      leaving: leaves(false),
      handsOn: handsOn("10.0.0.11"),
    },
    edge: ["web-2"],
  },
];

describe("an edge hands on to", () => {
  for (const { says, machines, options, edge } of remotes)
    test(says, async () => {
      assert.deepEqual(remotesOn(await proxiesOf(files(machines, via), options), "edge"), edge);
    });
});

describe("where an app leaves", () => {
  for (const isReached of [true, false])
    test(`its proxy has all of it that serves until it has gone, ${isReached ? "" : "no longer "}asked by others`, async () => {
      const options: CompileOptions = {
        inService: { "web-1": { shop: [1, 2] }, ...second },
        serving: { "shop/1": "172.30.0.5", "shop/2": "172.30.0.6" },
        leaving: leaves(isReached),
      };
      const proxies = await proxiesOf(files("web-2", via), options);
      const [pool] = proxies["web-1"]?.pools ?? [];
      assert.deepEqual(
        pool?.local.map(({ address }) => address),
        ["172.30.0.5", "172.30.0.6"],
      );
      assert.deepEqual(
        proxies["web-1"]?.listens.map(({ port }) => port),
        [8080],
      );
    });

  test("a route that stands with it goes on standing there, and leads to both", async () => {
    const options = { inService: { ...first, ...second }, leaving: leaves(true) };
    const proxies = await proxiesOf(files("web-2"), options);
    assert.deepEqual(
      ["web-1", "web-2"].map((machine) => proxies[machine]?.routes.map(({ host }) => host)),
      [["shop.test"], ["shop.test"]],
    );
    assert.deepEqual(remotesOn(proxies, "web-2"), ["web-1"]);
    assert.deepEqual(remotesOn(proxies, "web-1"), ["web-2"]);
  });

  test("a number that another app has there by now is not kept", async () => {
    const shop = "image: shop:1\nmachines: web-2\nport: 8080\nlisten: 8080\n";
    const other = {
      "apps/shop.yaml": shop,
      "apps/other.yaml": "image: other:1\nmachines: web-1\nport: 80\nlisten: 8080\nprotocol: tcp\n",
    };
    const options = { inService: first, leaving: leaves(true) };
    const proxies = await proxiesOf(files("web-2", via, other), options);
    assert.deepEqual(
      proxies["web-1"]?.pools.map(({ name }) => name),
      ["other"],
    );
  });
});

describe("the name of an app leads to", () => {
  const cases: readonly {
    readonly says: string;
    readonly machines: string;
    readonly options: CompileOptions;
    readonly lines: readonly string[];
  }[] = [
    {
      says: "who serves, and not yet to who is new: that is called by its own name alone",
      machines: "[web-1, web-2]",
      options: { inService: first, named: { "web-2": ["web-2"] } },
      lines: ["10.0.0.11 web-1 shop shop-1 shop.web-1", "10.0.0.12 web-2 shop-2 shop.web-2"],
    },
    {
      says: "who was found by it before",
      machines: "[web-1, web-2]",
      options: { inService: first, named: { "web-2": ["web-2", "shop"] } },
      lines: ["10.0.0.11 web-1 shop shop-1 shop.web-1", "10.0.0.12 web-2 shop shop-2 shop.web-2"],
    },
    {
      says: "who worked before, where nobody can tell how it was found",
      machines: "[web-1, web-2]",
      options: { inService: first, proven: { "web-2": ["shop"] } },
      lines: ["10.0.0.11 web-1 shop shop-1 shop.web-1", "10.0.0.12 web-2 shop shop-2 shop.web-2"],
    },
    {
      says: "who leaves while it is needed",
      machines: "web-2",
      options: { inService: first, leaving: leaves(true) },
      lines: ["10.0.0.11 web-1 shop shop-1 shop.web-1", "10.0.0.12 web-2 shop-2 shop.web-2"],
    },
    {
      says: "who came, once the other is not needed any more",
      machines: "web-2",
      options: { inService: { ...first, ...second }, leaving: leaves(false) },
      lines: ["10.0.0.11 web-1", "10.0.0.12 web-2 shop shop-1 shop.web-2"],
    },
  ];
  for (const { says, machines, options, lines } of cases)
    test(says, async () => {
      const compiled = await compileFiles(files(machines, via), options);
      const { machineLines } = namesOn(compiled, "edge");
      assert.deepEqual(
        machineLines.slice(1).flatMap((text) => text.split("\n")),
        lines,
      );
    });
});
