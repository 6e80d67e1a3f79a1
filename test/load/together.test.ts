import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentsOf, load, togetherOf } from "../../src/load/load.ts";
import { formatDiagnostic } from "../../src/model/diagnostic.ts";
import { snapshotOf } from "../support/repo.ts";
import { repo, type Files } from "./repos.ts";

/** The root and all environments, as `slipway validate` reads them. */
async function together(files: Files): Promise<readonly string[]> {
  const snapshot = snapshotOf(repo(files));
  const read = [await load(snapshot)];
  for (const environment of environmentsOf(snapshot))
    read.push(await load(snapshot, { environment }));
  return togetherOf(read).map(formatDiagnostic);
}

const image = "image: a\n";
const live = { "environments/live/slipway.yaml": "{}" };

test("a finding that only an environment causes names it, and points to the cause", async () => {
  const files = {
    ...live,
    "machines/db-1.yaml": "address: 10.0.0.21\n",
    "apps/db.yaml": `${image}machines: db-1\n`,
    "environments/stg/apps/db.yaml": "machines: web-1\n",
  };
  assert.deepEqual(await together(files), [
    "machines/db-1.yaml:1:1: 'db-1' is machine 'db-1' and instance 1 of app 'db' on web-1 (environments/stg/apps/db.yaml:1); give one another name (in environment stg)",
  ]);
  const port = {
    ...live,
    "apps/blog.yaml": `${image}publish: ["80:80"]\n`,
    "apps/shop.yaml": `${image}publish: ["80:80"]\nmachines: web-2\n`,
    "machines/web-2.yaml": "address: 10.0.0.12\n",
    "apps/other.yaml": `${image}machines: web-1\n`,
    "environments/stg/apps/shop.yaml": "machines: web-1\n",
  };
  const [first = ""] = await together({
    ...port,
    "apps/blog.yaml": `${port["apps/blog.yaml"]}machines: web-1\n`,
  });
  assert.equal(
    first,
    "apps/shop.yaml:2:11: port 80 of web-1 is taken by app 'blog' (apps/blog.yaml:2) (in environment stg, see environments/stg/apps/shop.yaml)",
  );
});

test("what several environments cause, and what stands in one or in the root", async () => {
  const names = ["a", "b", "c", "d"];
  const machines = Object.fromEntries(
    names.map((name) => [`environments/${name}/machines/web-1.yaml`, "labels: { role: db }\n"]),
  );
  const app = { "apps/shop.yaml": `${image}machines: { role: web }\n` };
  assert.deepEqual(await together({ ...app, ...machines }), [
    "apps/shop.yaml:2:1: no machine has role: web (in environments a, b, c and 1 more)",
  ]);
  assert.deepEqual(await together({ "environments/stg/apps/shop.yaml": "imag: a\n" }), [
    "environments/stg/apps/shop.yaml:1:1: unknown key 'imag' (did you mean 'image'?)",
  ]);
  assert.deepEqual(
    await together({
      "apps/shop.yaml": "port: 80\n",
      "environments/stg/apps/shop.yaml": image,
      ...live,
    }),
    [
      "apps/shop.yaml:1:1: app 'shop' has no image, for example image: registry.example.com/shop:1.0.0",
    ],
  );
});

test("what is idle in some readings only is not", async () => {
  const files = {
    ...live,
    "machines/web-2.yaml": "address: 10.0.0.12\n",
    "apps/shop.yaml": `${image}machines: { role: [web, db] }\nservices: { web: { env: { A: null, B: null } } }\n`,
    "environments/stg/apps/shop.yaml": "env: { A: a }\n",
    "environments/stg/machines/web-2.yaml": "labels: { role: db }\n",
  };
  assert.deepEqual(await together(files), [
    "apps/shop.yaml:3:36: warning: 'B' is null, which unsets what stands below, and nothing does; write \"\" for an empty text, {} for an empty map",
  ]);
});
