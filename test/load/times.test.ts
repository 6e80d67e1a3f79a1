import assert from "node:assert/strict";
import { test } from "node:test";
import { documentsOf, repo, told, type Files } from "./repos.ts";

const shop = (text: string): Files => repo({ "apps/shop.yaml": `image: shop:1\n${text}` });

const cases: readonly (readonly [string, Files, readonly string[]])[] = [
  [
    "a freeze without its length, of an app and of the fleet",
    repo({
      "apps/shop.yaml": 'image: shop:1\nfreeze: [{ schedule: "0 17 * * 5" }]\n',
      "slipway.yaml": 'fleet: acme\nfreeze: [{ schedule: "0 17 * * 5" }]\n',
    }),
    [
      "missing-key apps/shop.yaml:2:10: freeze.0 needs 'for'",
      "missing-key slipway.yaml:2:10: freeze.0 needs 'for'",
    ],
  ],
  [
    "a pause without a reason",
    shop("paused: { until: 2026-12-24 }\n"),
    ["missing-key apps/shop.yaml:2:1: paused needs 'reason'"],
  ],
  [
    "no five fields, and no length that lasts",
    shop('freeze: [{ schedule: "@weekly", for: 62h }, { schedule: "0 0 * * *", for: 0h }]\n'),
    [
      "bad-format apps/shop.yaml:2:22: freeze.0.schedule",
      "bad-format apps/shop.yaml:2:75: freeze.1.for",
    ],
  ],
  [
    "a schedule that never comes",
    shop('freeze: [{ schedule: "0 0 30 2 *", for: 1h }]\n'),
    ["bad-schedule apps/shop.yaml:2:22: '0 0 30 2 *' never comes"],
  ],
  [
    "of a service, or on one machine",
    shop(
      "services: { web: { paused: { reason: a } } }\nperMachine: { web-1: { paused: { reason: a } } }\n",
    ),
    ["unknown-key apps/shop.yaml:2:20: ", "unknown-key apps/shop.yaml:3:24: "],
  ],
  [
    "several at once in the fleet's settings",
    repo({
      "slipway.yaml":
        'fleet: acme\nfreeze: [{ schedule: "0 0 * * 9", for: 1h, timezone: Mars }]\npaused: { reason: a, until: 2026-02-29T00:00Z }\n',
    }),
    [
      "bad-schedule slipway.yaml:2:22: '0 0 * * 9' is no schedule of cron: ",
      "unknown-timezone slipway.yaml:2:54: there is no time zone 'Mars'",
      "bad-date slipway.yaml:3:29: there is no 2026-02-29T00:00Z",
    ],
  ],
];

for (const [name, files, wanted] of cases)
  test(`found: ${name}`, async () => {
    const findings = (await told(files)).filter((one) => !one.includes("nothing-declared"));
    assert.deepEqual(
      findings.map((one, i) => one.slice(0, wanted[i]?.length)),
      wanted,
      findings.join("\n"),
    );
  });

test("an environment pauses what the root does not, and takes a freeze away", async () => {
  const files = repo({
    "apps/shop.yaml": 'image: shop:1\nfreeze: [{ schedule: "0 17 * * 5", for: 62h }]\n',
    "environments/staging/apps/shop.yaml": "freeze: null\npaused: { reason: moving }\n",
  });
  const root = await documentsOf(files);
  assert.deepEqual(root.families.get("shop")?.file.freeze, [
    { schedule: "0 17 * * 5", for: "62h" },
  ]);
  const staging = await documentsOf(files, "staging");
  assert.equal(staging.families.get("shop")?.file.freeze, undefined);
  assert.deepEqual(staging.families.get("shop")?.file.paused, { reason: "moving" });
  const { fields } = staging.apps.get("shop") ?? {};
  assert.deepEqual(fields, { image: "shop:1" }, "it is nothing that rolls");
});
