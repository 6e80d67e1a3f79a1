import assert from "node:assert/strict";
import { test } from "node:test";
import type { FilesSpec, FilesState } from "../../src/kinds/index.ts";
import type { Change } from "../../src/model/change.ts";
import type { Observation } from "../../src/model/observation.ts";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import { withVersions } from "../../src/pass/shipped.ts";
import { changeOf, planOf } from "./facts.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];

const spec: FilesSpec = {
  app: "shop",
  family: "shop",
  target: "/etc/shop",
  digest: "bb".repeat(16),
  folder: true,
  owner: "0:0",
  entries: [
    { path: "a.txt", content: { blob: "a" }, sha256: two, mode: "0644" },
    { path: "b.txt", content: { blob: "b" }, sha256: one, mode: "0644" },
  ],
};
const former: FilesState = {
  digest: "aa".repeat(16),
  odd: false,
  mountedBy: ["acme-shop-1"],
  nodes: {
    "": "folder 0755 0:0",
    "a.txt": `file 0644 0:0 ${one}`,
    "b.txt": `file 0644 0:0 ${one}`,
    "c.txt": `file 0644 0:0 ${one}`,
  },
};
const address = "machine/web-1/app/shop/files/etc/shop";
const resource = { address, kind: "app/files", machine: "web-1", name: "etc/shop", spec };
const create: Change = {
  ...changeOf("shop"),
  address,
  kind: "app/files",
  action: "create",
  reason: {
    code: "missing",
    text: "not there",
    where: { file: "apps/shop.yaml", line: 3, col: 1 },
  },
};

const plan: Plan = {
  ...planOf(),
  rollouts: [
    {
      family: "shop",
      after: [],
      onFailure: "revert",
      prepare: [{ machine: "web-1", changes: [create] }],
      releases: [],
      waves: [[{ machine: "web-1", changes: [changeOf("shop")] }]],
    },
  ],
};

const seen = (role: string, source: string): ReadonlyMap<string, Observation> => {
  const fields = { "mounts./etc/shop": { type: "bind", source, readOnly: true } };
  const kinds = new Map([
    [
      "app/container",
      {
        state: "present",
        value: new Map([["shop/1", { containers: [{ role, app: "shop", fields }] }]]),
      },
    ],
    ["app/files", { state: "present", value: new Map([[former.digest, former]]) }],
  ]);
  return new Map([["web-1", { machine: "web-1", kinds, troubles: [] } as unknown as Observation]]);
};

test("a new version of what is shipped tells which files differ from the one in use", () => {
  const observations = seen("current", `/var/lib/slipway/acme/files/${former.digest}`);
  const [told, container] = changesOf(withVersions(plan, { resources: [resource], observations }));
  assert.equal(told?.reason.text, "/etc/shop ships with other content");
  assert.deepEqual(told.reason.where, create.reason.where);
  assert.deepEqual(told.fields, [
    {
      path: "files./etc/shop/a.txt",
      declared: "file 0644 0:0 content 222222222222",
      live: "file 0644 0:0 content 111111111111",
    },
    { path: "files./etc/shop/c.txt", live: "file 0644 0:0 content 111111111111" },
  ]);
  assert.deepEqual(container, changeOf("shop"));
});

test("without one in use, or one that was seen, it is as it was planned", () => {
  for (const observations of [
    seen("failed", `/var/lib/slipway/acme/files/${former.digest}`),
    seen("current", "/srv/elsewhere"),
    new Map(),
  ]) {
    const told = changesOf(withVersions(plan, { resources: [resource], observations }))[0];
    assert.deepEqual(told, create);
  }
});
