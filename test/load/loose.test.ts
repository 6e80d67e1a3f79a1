import assert from "node:assert/strict";
import { test } from "node:test";
import { repo, told, type Files } from "./repos.ts";

const settings: Files = { "slipway.yaml": "fleet: acme\n" };
const app = "image: shop:1\n";

test("files in the root that look like apps or Compose are told, others are left alone", async () => {
  const compose = "services:\n  web:\n    image: shop:1\n";
  const looks = async (path: string, text: string): Promise<readonly string[]> =>
    told(repo({ [path]: text }));
  assert.deepEqual(await looks("Shop_App.yml", app), [
    "misplaced-document Shop_App.yml:1:1: warning: this looks like an app, and is not read here: move it to apps/shop-app.yaml",
  ]);
  const found =
    "warning: this looks like a Compose file, and is not read here: each app has a file of its own: apps/<name>.yaml";
  assert.deepEqual(await looks("docker-compose.yml", compose), [
    `misplaced-document docker-compose.yml:1:1: ${found}`,
  ]);
  assert.deepEqual(await looks("stack.yaml", compose), [
    `misplaced-document stack.yaml:1:1: ${found}`,
  ]);
  for (const [path, text] of [
    ["mkdocs.yml", "site_name: docs\nnav: []\n"],
    ["renovate.yaml", "services: [a]\n"],
    ["catalog.yaml", "services: { a: { owner: b } }\n"],
    ["broken.yaml", "image: [\n"],
    [".gitlab-ci.yml", app],
    ["docs/shop.yaml", app],
  ] as const)
    assert.deepEqual(await looks(path, text), [], path);
});

test("environments inside an environment are told", async () => {
  const nested = repo({ "environments/stg/environments/eu/apps/shop.yaml": app });
  const finding =
    "misplaced-document environments/stg/environments/eu/apps/shop.yaml:1:1: warning: an environment has no environments/ of its own: nothing in it is read";
  assert.deepEqual(await told(nested), [finding]);
  assert.deepEqual(await told(nested, { environment: "stg" }), [finding]);
  const other = { ...nested, "environments/live/slipway.yaml": "{}" };
  assert.deepEqual(await told(other, { environment: "live" }), []);
});

test("a fleet of nothing is told, but not where it is not known, or environments are the fleets", async () => {
  const codes = async (files: Files, environment?: string): Promise<readonly string[]> =>
    (await told(files, environment === undefined ? {} : { environment })).map(
      (one) => one.split(" ")[0] ?? "",
    );
  assert.deepEqual(await codes(settings), ["nothing-declared"]);
  assert.deepEqual(await codes({ ...settings, "machines/m.yaml": "address: 10.0.0.1\n" }), []);
  assert.deepEqual(await codes({ ...settings, "apps/shop.yml": app }), ["yml-extension"]);
  const staged = { ...settings, "environments/stg/machines/m.yaml": "address: 10.0.0.1\n" };
  assert.deepEqual(await codes(staged), []);
  assert.deepEqual(await codes(staged, "stg"), []);
  assert.deepEqual(await codes({ ...settings, "environments/stg/slipway.yaml": "{}" }, "stg"), [
    "nothing-declared",
  ]);
});
