import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Resource } from "../../src/model/resource.ts";
import { diskShortages } from "../../src/pass/disk.ts";
import { facts } from "../support/converge.ts";
import { planOf } from "./facts.ts";

const gb = 1024 ** 3;

type Images = Readonly<Record<string, number | undefined>>;

const digest = (name: string): string => `${name}@sha256:${name.length}`;

const machine = (name: string, freeBytes: number, images: Images, swap = 0): Observation => ({
  machine: name,
  facts: { ...facts, machine: name, diskAvailableBytes: freeBytes },
  inventory: { state: "absent" },
  kinds: new Map([
    [
      "app/image",
      {
        state: "present",
        value: new Map(Object.entries(images).map(([key, bytes]) => [key, { bytes }])),
      },
    ],
    ["machine/swap", { state: "present", value: new Map([["", { bytes: swap }]]) }],
  ]),
  troubles: [],
});

const image = (text: string, reference: string, app = "shop"): Resource => ({
  address: `machine/web-1/app/${app}/image`,
  kind: "app/image",
  machine: "web-1",
  name: "",
  spec: { text, reference },
});
const swap: Resource = {
  address: "machine/web-1/swap",
  kind: "machine/swap",
  machine: "web-1",
  name: "",
  spec: { bytes: 2 * gb },
};

const shortages = (
  resources: readonly Resource[],
  observations: readonly Observation[],
  changed = resources,
) => {
  // Of a change and of a plan only this matters here.
  const changes = changed.map(
    ({ address, kind }) => ({ address, kind, machine: "web-1" }) as Change,
  );
  const plan = planOf([], { settings: [{ machine: "web-1", changes }] });
  const seen = new Map(observations.map((one) => [one.machine, one]));
  return diskShortages({ plan, resources, observations: seen });
};

const two = image("r.io/shop:2", digest("r.io/shop"));

test("an image is as large as where it is already, and comes once", () => {
  const found = shortages(
    [two, image("r.io/shop:2", digest("r.io/shop"), "shop-worker")],
    [machine("web-1", 2 * gb, {}), machine("web-2", gb, { [digest("r.io/shop")]: 3 * gb })],
  );
  assert.deepEqual(found, [
    {
      machine: "web-1",
      of: "disk",
      declared: 3 * gb,
      total: 2 * gb,
      for: ["image r.io/shop:2"],
      unknown: [],
    },
  ]);
});

test("else about as large as the one that the machine has of that name; or nobody knows", () => {
  const has = { "r.io/shop@sha256:former": gb, "r.io/blog@sha256:x": 9 * gb, "sha256:1": 9 * gb };
  const other = image("r.io/other:1", digest("r.io/other"), "other");
  const found = shortages([two, other], [machine("web-1", gb, has)]);
  assert.deepEqual(
    found.map(({ declared, ...more }) => [declared, more.of === "disk" ? more.unknown : undefined]),
    [[gb, ["image r.io/other:1"]]],
  );
  assert.deepEqual(shortages([two], [machine("web-1", 2 * gb, has)]), []);
  assert.deepEqual(shortages([other], [machine("web-1", 0, has)]), [], "nothing is known");
});

test("swap takes what its file grows, and some room stays", () => {
  const free = 2 * gb + 100 * 1024 ** 2;
  assert.deepEqual(
    shortages([swap], [machine("web-1", free, {})]).map((s) => s.declared),
    [2 * gb],
  );
  assert.deepEqual(shortages([swap], [machine("web-1", gb + free, {}, gb)]), []);
  assert.deepEqual(shortages([swap], [machine("web-1", 0, {})], []), [], "it is there already");
});
