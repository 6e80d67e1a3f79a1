import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveApps, familyInput } from "../../src/desired/effective.ts";
import { instancesOn } from "../../src/desired/names.ts";
import { imageKey } from "../../src/model/image.ts";
import { documentsOf, repo, type Files } from "../load/repos.ts";
import { imagesOf } from "./compiled.ts";
import { pretendedDigests } from "../support/secrets.ts";

const shop = [
  "image: shop:1",
  "machines: [web-1]",
  "env: { A: a }",
  "after: [db]",
  "files: { /etc/shop.toml: shop.toml }",
].join("\n");

const base: Files = repo({
  "machines/web-2.yaml": "address: 10.0.0.12\n",
  "apps/shop/app.yaml": shop,
  "apps/shop/shop.toml": "a",
  "apps/db.yaml": "image: db:1\nmachines: web-1\n",
  "apps/other.yaml": "image: other:1\nmachines: web-1\n",
});

const inputOf = async (
  files: Files,
  meant: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const documents = await documentsOf({ ...base, ...files });
  const images = new Map([...imagesOf(documents.apps.values()), ...Object.entries(meant)]);
  return familyInput(documents, "shop", images, pretendedDigests);
};

const withShop = (from: string, to: string): Files => {
  assert.ok(shop.includes(from));
  return { "apps/shop/app.yaml": shop.replace(from, to) };
};

const indifferent: readonly (readonly [what: string, files: Files])[] = [
  ["where it runs", withShop("[web-1]", "all")],
  ["how many", { "apps/shop/app.yaml": `${shop}\ninstances: 3\n` }],
  [
    "how many on one machine",
    { "apps/shop/app.yaml": `${shop}\nperMachine: { web-1: { instances: 3 } }\n` },
  ],
  ["another app's image", { "apps/other.yaml": "image: other:2\nmachines: web-1\n" }],
  ["another app more", { "apps/new.yaml": "image: new:1\nmachines: web-1\n" }],
  ["a machine more", { "machines/web-3.yaml": "address: 10.0.0.13\n" }],
  [
    "where the app that it is after runs",
    { "apps/db.yaml": "image: db:1\nmachines: web-2\ninstances: 2\n" },
  ],
  ["what it was renamed from", { "apps/shop/app.yaml": `${shop}\nrenamedFrom: catalog\n` }],
  ["the order of keys", { "apps/shop/app.yaml": shop.split("\n").toReversed().join("\n") }],
];

for (const [what, files] of indifferent) {
  test(`an app's input does not change with ${what}`, async () => {
    assert.equal(await inputOf(files), await inputOf({}));
  });
}

const decisive: readonly (readonly [what: string, files: Files, meant?: Record<string, string>])[] =
  [
    ["its image", withShop("shop:1", "shop:2")],
    ["what its image's text means", {}, { [imageKey("shop", "shop:1")]: "shop@sha256:other" }],
    ["its env", withShop("A: a", "A: b")],
    ["a file's content", { "apps/shop/shop.toml": "b" }],
    [
      "its env on one machine",
      { "apps/shop/app.yaml": `${shop}\nperMachine: { web-1: { env: { A: b } } }\n` },
    ],
    ["its health", { "apps/shop/app.yaml": `${shop}\nhealth: { deadline: 2m }\n` }],
    [
      "the input of the app that it is after",
      { "apps/db.yaml": "image: db:1\nmachines: web-1\nenv: { A: b }\n" },
    ],
    [
      "what the image of the app that it is after means",
      {},
      { [imageKey("db", "db:1")]: "db@sha256:other" },
    ],
    [
      "the defaults of all",
      { "slipway.yaml": "fleet: acme\ndefaults: { app: { stopSignal: SIGINT } }\n" },
    ],
  ];

for (const [what, files, meant] of decisive) {
  test(`an app's input changes with ${what}`, async () => {
    assert.notEqual(await inputOf(files, meant), await inputOf({}));
  });
}

test("a family that is held runs as then, on HEAD's machines and in HEAD's number", async () => {
  const then = await documentsOf({
    ...base,
    "apps/shop/app.yaml": "image: shop:1\nmachines: web-1\nenv: { A: then }\ninstances: 1\n",
  });
  const head = await documentsOf({
    ...base,
    "apps/shop/app.yaml":
      "image: shop:2\nmachines: all\nenv: { A: now }\ninstances: 2\nperMachine: { web-2: { instances: 5, env: { A: b } } }\n",
    "apps/other.yaml": "image: other:2\nmachines: web-2\n",
  });
  const apps = effectiveApps(head, new Map([["shop", then]]));
  const found = apps.find((a) => a.name === "shop");
  assert.ok(found);
  assert.deepEqual(found.machines, ["web-1", "web-2"]);
  assert.deepEqual(
    found.machines.map((m) => [
      instancesOn(found, m),
      (found.perMachine.get(m) ?? found.fields).env,
    ]),
    [
      [2, { A: "then" }],
      [5, { A: "then" }],
    ],
  );
  assert.equal(found.fields.image, "shop:1");
  assert.equal(apps.find((a) => a.name === "other")?.fields.image, "other:2");
  assert.deepEqual(
    apps.map((a) => a.name),
    ["db", "other", "shop"],
  );
});

const routeCases = [
  { says: "with the app where it has no place of its own", was: "", now: "", on: ["web-2"] },
  { says: "where HEAD has it", was: ", via: web-1", now: ", via: web-2", on: ["web-2"] },
  { says: "where it was chosen to be", was: ", via: web-1", now: "", on: ["web-1"] },
] as const;

for (const { says, was, now, on } of routeCases)
  test(`a route of a family that is held leads to HEAD's machines, and stands ${says}`, async () => {
    const documents = async (machine: string, more: string, tag: string) =>
      await documentsOf({
        ...base,
        "apps/shop/app.yaml": `image: shop:${tag}\nmachines: ${machine}\nport: 80\nroutes: [{ host: a.test, tls: off${more} }]\n`,
      });
    const former = await documents("web-1", was, "1");
    const head = await documents("web-2", now, "2");
    const apps = effectiveApps(head, new Map([["shop", former]]));
    const [route] = apps.find((a) => a.name === "shop")?.routes ?? [];
    assert.deepEqual([route?.on, route?.servedOn], [on, ["web-2"]]);
  });

test("a service that HEAD no longer has runs as then, but only on machines that are still there", async () => {
  const services = (text: string): Files => ({
    ...base,
    "apps/shop/app.yaml": `image: shop:1\nmachines: [web-1, web-2]\nservices: ${text}\n`,
  });
  const then = await documentsOf(services("{ web: {}, worker: {} }"));
  const { "machines/web-2.yaml": _, ...fewer } = services("{ web: {} }");
  const head = await documentsOf({
    ...fewer,
    "apps/shop/app.yaml": "image: shop:2\nmachines: web-1\nservices: { web: {}, cron: {} }\n",
  });
  const apps = effectiveApps(head, new Map([["shop", then]]));
  assert.deepEqual(
    apps.filter((a) => a.family === "shop").map((a) => [a.name, a.machines]),
    [
      ["shop-web", ["web-1"]],
      ["shop-worker", ["web-1"]],
    ],
  );
});

for (const services of ["", "services: { shop: {}, work: { command: [work] } }"]) {
  test(`an app's input does not change with its name (${services || "flat"})`, async () => {
    const inputUnder = async (name: string): Promise<string> => {
      const text = `${shop}\n${services.replace("shop:", `${name}:`)}\n`;
      const { "apps/shop/app.yaml": _, "apps/shop/shop.toml": toml = "", ...others } = base;
      const files = { [`apps/${name}/app.yaml`]: text, [`apps/${name}/shop.toml`]: toml };
      const documents = await documentsOf({ ...others, ...files });
      return familyInput(documents, name, imagesOf(documents.apps.values()), pretendedDigests);
    };
    assert.equal(await inputUnder("store"), await inputUnder("shop"));
  });
}

test("an app with services is another than one without, though they are called alike", async () => {
  const services = { "apps/shop/app.yaml": `${shop}\nservices: { shop: {} }\n` };
  assert.notEqual(await inputOf(services), await inputOf({}));
});
