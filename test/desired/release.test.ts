import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseSpec } from "../../src/kinds/index.ts";
import { compileFiles, referenceOf, type CompileOptions } from "./compiled.ts";

const machines = Object.fromEntries(
  ["web-1", "web-2", "db-1"].map((name, i) => [`machines/${name}.yaml`, `address: 10.0.0.2${i}\n`]),
);

interface Case {
  readonly says: string;
  readonly app: readonly string[];
  /** Machine, app, image and command of each. */
  readonly releases: readonly string[];
}

const cases: readonly Case[] = [
  {
    says: "a service's release runs on its own first machine, whatever machines others are on",
    app: [
      "image: shop:1",
      "services:",
      "  web: { machines: [web-1, web-2], release: { command: [migrate] } }",
      "  worker: { machines: db-1 }",
    ],
    releases: ["web-1 shop-web shop:1 migrate"],
  },
  {
    says: "it runs in that service's image",
    app: [
      "image: shop:1",
      "machines: web-1",
      "services:",
      "  web: {}",
      "  db: { image: db:1, machines: [db-1], release: { command: [migrate] } }",
    ],
    releases: ["db-1 shop-db db:1 migrate"],
  },
  {
    says: "the file's release runs in the file's image, on the first machine of those that have it",
    app: [
      "image: shop:1",
      "release: { command: [migrate] }",
      "services:",
      "  cache: { image: redis:7, machines: db-1 }",
      "  web: { machines: [web-2] }",
      "  worker: { machines: [web-1, web-2] }",
    ],
    releases: ["web-1 shop-worker shop:1 migrate"],
  },
  {
    says: "of one image and command there is one, of others one each",
    app: [
      "image: shop:1",
      "machines: web-2",
      "services:",
      "  a: { release: { command: [migrate] } }",
      "  b: { release: { command: migrate }, machines: [web-1] }",
      "  c: { release: { command: [seed] } }",
      "  d: { image: d:1, release: { command: [migrate] } }",
    ],
    releases: [
      "web-1 shop-b shop:1 migrate",
      "web-2 shop-c shop:1 seed",
      "web-2 shop-d d:1 migrate",
    ],
  },
  {
    says: "services of one image share a release beside them, though no image stands there",
    app: [
      "release: { command: [migrate] }",
      "machines: all",
      "services:",
      "  a: { image: shop:1 }",
      "  b: { image: shop:1 }",
    ],
    releases: ["db-1 shop-a shop:1 migrate"],
  },
];

async function releasesOf(app: readonly string[], options?: CompileOptions) {
  const { resources } = await compileFiles(
    { ...machines, "apps/shop.yaml": app.join("\n") },
    options,
  );
  return resources
    .filter((r) => r.kind === "app/release")
    .map(({ machine, spec }) => ({ machine, spec: spec as ReleaseSpec }));
}

const imageOf = (reference: string): string =>
  ["shop:1", "redis:7", "db:1", "d:1"].find((text) => referenceOf(text) === reference) ?? reference;

for (const { says, app, releases } of cases) {
  test(says, async () => {
    const found = (await releasesOf(app)).map(({ machine, spec }) =>
      [machine, spec.app, imageOf(spec.container.image), spec.container.command?.join(" ")].join(
        " ",
      ),
    );
    assert.deepEqual(found.toSorted(), releases);
  });
}

test("a release that another machine remembers has run", async () => {
  const app = ["image: shop:1", "machines: all", "release: { command: [migrate] }"];
  const [due] = await releasesOf(app);
  assert.ok(due);
  assert.equal(due.spec.hasRun, undefined);
  const digests = new Set([due.spec.digest]);
  const hasRun = async (family: string): Promise<boolean | undefined> =>
    (await releasesOf(app, { released: new Map([[family, digests]]) }))[0]?.spec.hasRun;
  assert.equal(await hasRun("shop"), true);
  assert.equal(await hasRun("other"), undefined);
});
