import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { SimFleet, type Files } from "../support/sim-fleet.ts";

const base: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/m1.yaml": "address: 10.0.0.1\n",
  "machines/m2.yaml": "address: 10.0.0.2\n",
  "machines/m3.yaml": "address: 10.0.0.3\n",
};

let revision = 0;

/** The releases that ran until the fleet was as declared. */
async function ran(fleet: SimFleet, ...app: readonly string[]): Promise<readonly string[]> {
  const files = { ...base, "apps/shop.yaml": `${app.join("\n")}\n` };
  const plans = await fleet.converge(files, String(++revision).padStart(40, "0"));
  const releases = plans.flatMap(changesOf).filter((c) => c.kind === "app/release");
  return releases.filter((c) => c.action === "run").map((c) => `${c.machine} ${c.app ?? ""}`);
}

const image = "image: registry.example.com/shop:1";
const release = "release: { command: [migrate] }";

test("a machine that joins and sorts before does not run the release again", async () => {
  const fleet = new SimFleet();
  assert.deepEqual(await ran(fleet, image, release, "machines: [m2, m3]"), ["m2 shop"]);
  assert.deepEqual(await ran(fleet, image, release, "machines: all"), []);
  const next = "image: registry.example.com/shop:2";
  assert.deepEqual(await ran(fleet, next, release, "machines: all"), ["m1 shop"]);
});

test("releases of several services run one after another, each on its own first machine", async () => {
  const services = [
    "services:",
    "  web: { machines: [m1, m2], release: { command: [migrate] } }",
    "  work: { machines: [m3] }",
    "  search: { machines: [m2, m3], release: { command: [index] } }",
  ];
  const fleet = new SimFleet();
  assert.deepEqual(await ran(fleet, image, ...services), ["m1 shop-web", "m2 shop-search"]);
  assert.deepEqual(await ran(fleet, image, "env: { A: b }", ...services), []);
});
