import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppFields } from "../../src/generated/app.ts";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { repo, told, type Files } from "./repos.ts";

const file = [
  "image: shop:1",
  "port: 80",
  "env: { A: file, B: file }",
  "health: { http: /up, interval: 1s }",
  "release: { command: [migrate] }",
  "volumes: { data: /data, more: /more }",
  "resources: { memory: 512m, cpus: 1 }",
  "logs: { maxSize: 5m }",
  "machines: [web-1, web-2]",
].join("\n");
const two = { "machines/web-2.yaml": "address: 10.0.0.12\n" };

/** What an app is, on one machine if one is named, in a repo about which nothing is said. */
async function fieldsOf(
  name: string,
  files: Files,
  { environment, on }: { readonly environment?: string; readonly on?: string } = {},
): Promise<AppFields> {
  const options = environment === undefined ? {} : { environment };
  const { documents, findings } = await load(snapshotOf(repo({ ...two, ...files })), options);
  assert.deepEqual(findings, []);
  const app = documents?.apps.get(name);
  assert.ok(app);
  return on === undefined ? app.fields : (app.perMachine.get(on) ?? app.fields);
}

const keys = ["env", "health", "port", "release", "volumes", "resources", "logs"] as const;

test("a service unsets what stands beside services, in the defaults, and in an environment", async () => {
  for (const key of keys) {
    const own = key === "port" ? "port: null, health: null" : `${key}: null`;
    const services = `services: { web: {}, redis: { ${own} } }\n`;
    const inFile = { "apps/shop.yaml": `${file}\n${services}` };
    const redis = await fieldsOf("shop-redis", inFile);
    assert.equal(key in redis, false, key);
    assert.equal(key in (await fieldsOf("shop-web", inFile)), true, key);
    assert.deepEqual(Object.keys(redis).length, 9 - own.split(",").length, key);
  }
  const published = `${file}\npublish: ["8080:80"]\nservices: { web: {}, redis: { publish: null } }\n`;
  const hidden = await fieldsOf("shop-redis", { "apps/shop.yaml": published });
  assert.equal("publish" in hidden, false);
  const byDefault = {
    "slipway.yaml": "fleet: acme\ndefaults: { app: { env: { A: default }, init: true } }\n",
    "apps/shop.yaml":
      "image: a\nmachines: all\nservices: { web: {}, redis: { env: { A: null }, init: null } }\n",
  };
  const { env, init } = await fieldsOf("shop-redis", byDefault);
  assert.deepEqual([env, init], [{}, undefined]);
  const staged = {
    "apps/shop.yaml":
      "image: a\nmachines: all\nservices: { web: {}, redis: { env: { A: null } } }\nenv: { A: x }\n",
    "environments/stg/apps/shop.yaml": "env: { A: staging, B: staging }\n",
  };
  const redis = await fieldsOf("shop-redis", staged, { environment: "stg" });
  assert.deepEqual(redis.env, { B: "staging" });
});

test("single keys go, the others stay", async () => {
  const services = [
    "services:",
    "  web: {}",
    "  redis:",
    "    env: { A: null, C: own }",
    "    health: { http: null, tcp: true }",
    "    volumes: { more: null }",
    "    resources: { memory: null }",
  ].join("\n");
  const redis = await fieldsOf("shop-redis", { "apps/shop.yaml": `${file}\n${services}\n` });
  assert.deepEqual(redis.env, { B: "file", C: "own" });
  assert.deepEqual(redis.health, { interval: "1s", tcp: true });
  assert.deepEqual(redis.volumes, { data: "/data" });
  assert.deepEqual(redis.resources, { cpus: 1 });
});

test("perMachine unsets what the app and its services say", async () => {
  const app = [
    file,
    "services: { web: { env: { C: web } }, work: {} }",
    "perMachine:",
    "  web-2: { env: { A: null, C: null }, resources: null, health: { http: null, tcp: true } }",
  ].join("\n");
  const files = { "apps/shop.yaml": app };
  const there = await fieldsOf("shop-web", files, { on: "web-2" });
  assert.deepEqual(there.env, { B: "file" });
  assert.deepEqual(there.health, { interval: "1s", tcp: true });
  assert.equal("resources" in there, false);
  const here = await fieldsOf("shop-web", files, { on: "web-1" });
  assert.deepEqual(here.env, { A: "file", B: "file", C: "web" });
  assert.deepEqual(here.resources, { memory: "512m", cpus: 1 });
});

test("an environment lays over services and machines what it says of them, nulls and all", async () => {
  const files = {
    "apps/shop.yaml": [
      file,
      "services:",
      "  web: { env: { C: web }, health: null }",
      "  work: { env: { A: work }, health: off }",
      "perMachine: { web-2: { env: { A: there, D: there } } }",
    ].join("\n"),
    "environments/stg/apps/shop.yaml": [
      "services:",
      "  web: { env: { C: null, B: null }, health: { tcp: true } }",
      "  work: { env: null, health: { tcp: true } }",
      "perMachine: { web-2: { env: { A: null } } }",
    ].join("\n"),
  };
  const web = await fieldsOf("shop-web", files, { environment: "stg" });
  assert.deepEqual(web.env, { A: "file" });
  assert.deepEqual(web.health, { tcp: true }, "the file's null came first");
  const work = await fieldsOf("shop-work", files, { environment: "stg" });
  assert.equal(work.env, undefined);
  assert.deepEqual(work.health, { tcp: true }, "off came first");
  const there = await fieldsOf("shop-web", files, { environment: "stg", on: "web-2" });
  assert.deepEqual(there.env, { D: "there" });
});

test("a service that an environment unsets and a machine that it leaves out are gone", async () => {
  const files = {
    "apps/shop.yaml": `${file}\nperMachine: { web-2: { env: { A: there } } }\n`,
    "environments/stg/apps/shop.yaml": "perMachine: { web-2: null }\n",
    "environments/live/apps/shop.yaml": "perMachine: null\n",
  };
  for (const environment of ["stg", "live"]) {
    const { env } = await fieldsOf("shop", files, { environment, on: "web-2" });
    assert.deepEqual(env, { A: "file", B: "file" });
  }
});

test("a null that unsets nothing anywhere is told, where it stands", async () => {
  const idle = (place: string, key: string): string =>
    `null-unsets-nothing apps/shop.yaml:${place}: warning: '${key}' is null, which unsets what stands below, and nothing does; write "" for an empty text, {} for an empty map`;
  const app = async (text: string): Promise<readonly string[]> =>
    told(repo({ "apps/shop.yaml": `image: a\n${text}\n` }));
  assert.deepEqual(await app("services: { web: { env: { X: null } } }"), [idle("2:27", "X")]);
  assert.deepEqual(await app("services: { web: { health: null } }"), [idle("2:20", "health")]);
  assert.deepEqual(await app("perMachine: { web-1: { env: { X: null } } }"), [idle("2:31", "X")]);
  const some = "services: { web: { env: { X: a } }, work: {} }\n";
  assert.deepEqual(await app(`${some}perMachine: { web-1: { env: { X: null } } }`), []);
  assert.deepEqual(await app(`${some}perMachine: { web-1: { env: { Y: null } } }`), [
    idle("3:31", "Y"),
  ]);
});

test("what is of the whole app cannot be unset on one machine", async () => {
  assert.deepEqual(
    await told(
      repo({
        "apps/shop.yaml":
          "image: a\nrelease: { command: [a] }\nperMachine: { web-1: { release: null } }\n",
      }),
    ),
    [
      "not-per-machine apps/shop.yaml:3:15: 'release' is of the whole app; it cannot differ on one machine",
    ],
  );
});
