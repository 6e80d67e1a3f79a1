import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { placedJobs } from "../../src/desired/jobs.ts";
import { documentsOf, type Files } from "../support/sim-fleet.ts";

const machines: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/web-1.yaml": "address: 10.0.0.1\n",
  "machines/web-2.yaml": "address: 10.0.0.2\n",
};
const report = 'report: { schedule: "0 3 * * *" }';

/** `shop/report web-1`, in order. */
const placed = async (app: string): Promise<readonly string[]> => {
  const files = { ...machines, "apps/shop.yaml": `image: a\nmachines: all\n${app}` };
  const { apps } = await documentsOf(files, "1".repeat(40));
  return placedJobs([...apps.values()]).map((j) => `${j.app.name}/${j.job} ${j.machine}`);
};

describe("where a job runs", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["on the first machine", `jobs: { ${report} }`, ["shop/report web-1"]],
    [
      "on each, where it says so",
      'jobs: { tidy: { schedule: "0 3 * * *", each: machine } }',
      ["shop/tidy web-1", "shop/tidy web-2"],
    ],
    ["without an instance", `instances: 0\njobs: { ${report} }`, ["shop/report web-1"]],
    ["nowhere while the app is stopped", `state: stopped\njobs: { ${report} }`, []],
    [
      "once beside services, as the one that is called like the file",
      `services: { admin: {}, shop: {}, worker: {} }\njobs: { ${report} }`,
      ["shop/report web-1"],
    ],
    [
      "once beside services, else as the first of those that have it",
      `services: { admin: { jobs: { report: null } }, web: {}, worker: {} }\njobs: { ${report} }`,
      ["shop-web/report web-1"],
    ],
    [
      "also as a service that has another of that name",
      `services: { web: {}, worker: { jobs: { report: { schedule: "0 4 * * *" } } } }\njobs: { ${report} }`,
      ["shop-web/report web-1", "shop-worker/report web-1"],
    ],
    [
      "not where it is unset on its machine",
      `jobs: { ${report} }\nperMachine: { web-1: { jobs: { report: null } } }`,
      [],
    ],
  ];
  for (const [says, app, wanted] of cases)
    test(says, async () => assert.deepEqual(await placed(app), wanted));
});
