import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyInventory, emptyRecord } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import { belongingsOf } from "../../src/pass/belongings.ts";
import { withCurrentNames } from "../../src/pass/families.ts";
import { appStatuses } from "../../src/pass/status.ts";
import { documentsOf, repo } from "../load/repos.ts";
import { facts } from "../support/converge.ts";
import { instanceState } from "../support/instances.ts";
import { mark, rev } from "./facts.ts";

/** A container that was made for `catalog`, on a machine; `app` is what its name says. */
const kept = (app: string, instance = 1): unknown => ({
  ...instanceState(
    {
      containers: [
        {
          made: {
            app: "catalog",
            family: "catalog",
            mounts: [
              { type: "volume", source: "catalog_data", target: "/data", readOnly: false },
              { type: "volume", source: "exact", target: "/exact", readOnly: false },
            ],
            networks: [
              { name: "slipway-acme", aliases: [] },
              { name: "slipway-acme-catalog", aliases: [] },
            ],
          },
          as: "current",
        },
      ],
    },
    undefined,
  ),
  app,
  family: "catalog",
  instance,
});

const volume = (engineName: string, name: string): unknown => ({
  engineName,
  driver: "local",
  mountpoint: "",
  owned: true,
  app: "catalog",
  family: "catalog",
  volume: name,
});

const network = (name: string, app?: string): unknown => ({
  id: name,
  network: name,
  driver: "bridge",
  owned: true,
  ...(app === undefined ? {} : { app, family: app }),
});

const present = (states: Readonly<Record<string, unknown>>) => ({
  state: "present" as const,
  value: new Map(Object.entries(states)),
});

const observation: Observation = {
  machine: "web-1",
  facts,
  inventory: {
    state: "present",
    value: {
      ...emptyInventory("acme", "web-1"),
      apps: { catalog: { ...emptyRecord, good: mark(rev("1")) } },
    },
  },
  kinds: new Map([
    ["app/container", present({ "shop/1": kept("shop"), "catalog/2": kept("catalog", 2) })],
    ["app/volume", present({ a: volume("catalog_data", "data"), b: volume("exact", "exact") })],
    [
      "app/network",
      present({
        a: network("slipway-acme"),
        b: network("slipway-acme-catalog", "catalog"),
      }),
    ],
  ]),
  troubles: [],
};

const documents = await documentsOf(
  repo({ "apps/shop.yaml": "image: a:1\nrenamedFrom: catalog\n" }),
);

const inventories = new Map([
  [
    "web-1",
    observation.inventory.state === "present"
      ? observation.inventory.value
      : emptyInventory("", ""),
  ],
]);
const known = withCurrentNames(documents, new Map([["web-1", observation]]), inventories);

test("what is labelled with a former name is told by the name of now", () => {
  const found = known.observations.get("web-1");
  for (const kind of ["app/container", "app/volume"]) {
    const live = found?.kinds.get(kind);
    assert.ok(live?.state === "present");
    for (const state of live.value.values())
      assert.equal((state as { family: string }).family, "shop", kind);
  }
  assert.equal(known.inventories.get("web-1")?.apps["shop"]?.good?.revision, rev("1"));
  assert.equal(known.inventories.get("web-1")?.apps["catalog"], undefined);
});

test("a family's volumes and bridges are those that its containers have, as they were called", () => {
  const found = known.observations.get("web-1");
  const used = found && belongingsOf(found)?.used.get("shop");
  assert.deepEqual([...(used?.volumes ?? [])], [["data", "catalog_data"]]);
  assert.deepEqual([...new Set(used?.networks)], ["slipway-acme-catalog"]);
});

test("what was not seen is not known", () => {
  for (const kind of observation.kinds.keys()) {
    const kinds = new Map([...observation.kinds, [kind, { state: "unknown" as const, why: "" }]]);
    assert.equal(belongingsOf({ ...observation, kinds }), undefined, kind);
  }
});

test("the status of a renamed app is under its name, with its marks", () => {
  const statuses = appStatuses(new Map([["web-1", observation]]), documents);
  assert.deepEqual(
    statuses.map((s) => [s.family, s.good, s.instances.length]),
    [["shop", rev("1"), 2]],
  );
});
