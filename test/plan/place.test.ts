import assert from "node:assert/strict";
import { test } from "node:test";
import type { Where } from "../../src/model/diagnostic.ts";
import type { Resource } from "../../src/model/resource.ts";
import { fieldPlace } from "../../src/plan/diff.ts";

const lines: Readonly<Record<string, number>> = { "env A": 4, "resources memory": 9, image: 2 };

const resource: Resource = {
  address: "machine/web-1/app/shop/container/1",
  kind: "app/container",
  machine: "web-1",
  name: "1",
  spec: {},
  at: (path): Where => ({
    file: "apps/shop.yaml",
    line: lines[path.join(" ")] ?? 1,
    col: path[1] === "IN_ONE_LINE" ? 30 : 1,
  }),
};

const cases: readonly (readonly [paths: readonly string[], line: number | undefined])[] = [
  [["resources.memory"], 9],
  [["env.A", "resources.memory"], 4],
  [["networks.slipway-acme", "resources.memory"], 9],
  [["networks.slipway-acme"], undefined],
  [["networks.slipway-acme", "env.IN_ONE_LINE"], 1],
  [[], undefined],
];

for (const [paths, line] of cases) {
  test(`the line of ${paths.join(", ") || "no field"} is ${line}`, () => {
    const fields = paths.map((path) => ({ path }));
    assert.equal(fieldPlace(resource, fields)?.line, line);
  });
}
