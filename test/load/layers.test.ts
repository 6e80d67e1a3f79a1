import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentsOf, load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { documentsOf, repo, told } from "./repos.ts";

test("defaults < file < environment < service < perMachine, and places follow the winner", async () => {
  const files = repo({
    "slipway.yaml":
      "fleet: acme\ndefaults:\n  app:\n    env: { A: default, B: default, C: default, D: default, E: default }\n",
    "machines/web-2.yaml": "address: 10.0.0.12\nlabels: { role: web }\n",
    "apps/shop.yaml": [
      "image: shop:1",
      "machines: all",
      "env: { B: file, C: file, D: file, E: file }",
      "services: { web: { env: { D: service, E: service } } }",
      "perMachine: { web-2: { env: { E: machine } } }",
    ].join("\n"),
    "environments/staging/apps/shop.yaml":
      "env: { C: environment, D: environment, E: environment }\n",
  });
  const { apps, fleet } = await documentsOf(files, "staging");
  const app = apps.get("shop-web");
  assert.equal(fleet, "acme-staging");
  assert.deepEqual(app?.fields.env, {
    A: "default",
    B: "file",
    C: "environment",
    D: "service",
    E: "service",
  });
  assert.deepEqual(
    [...(app?.perMachine ?? [])].map(([machine, fields]) => [machine, fields.env?.["E"]]),
    [["web-2", "machine"]],
  );
  const placeOf = (key: string): string => {
    const { file, line, col } = app?.at(["env", key]) ?? { file: "", line: 0, col: 0 };
    return `${file}:${line}:${col}`;
  };
  assert.equal(placeOf("A"), "slipway.yaml:4:15");
  assert.equal(placeOf("B"), "apps/shop.yaml:3:11");
  assert.equal(placeOf("C"), "environments/staging/apps/shop.yaml:1:11");
  assert.equal(placeOf("D"), "apps/shop.yaml:4:30");
  assert.deepEqual(app?.at(["perMachine", "web-2", "env", "E"]), {
    file: "apps/shop.yaml",
    line: 5,
    col: 34,
  });
  assert.deepEqual(
    app?.at([]),
    { file: "apps/shop.yaml", line: 4, col: 13 },
    "a service is where its key is",
  );
});

test("null unsets what a lower layer says", async () => {
  const { apps } = await documentsOf(
    repo({
      "slipway.yaml":
        "fleet: acme\ndefaults: { app: { health: { http: /up }, logs: { maxSize: 5m, maxFiles: 2 } } }\n",
      "apps/shop.yaml": "image: shop:1\nhealth: null\nlogs: { maxFiles: ~ }\n",
    }),
  );
  assert.equal(apps.get("shop")?.fields.health, undefined);
  assert.deepEqual(apps.get("shop")?.fields.logs, { maxSize: "5m" });
});

test("an environment is the same paths laid over the root", async () => {
  const files = {
    "slipway.yaml": "fleet: acme\n",
    "apps/shop/app.yaml": "image: shop:1\nfiles: { /etc/a: a.txt, /etc/rules: rules }\n",
    "apps/shop/a.txt": "root",
    "apps/shop/rules/1": "root",
    "apps/shop/rules/2": "root",
    "environments/staging/machines/s-1.yaml": "address: 10.1.0.1\n",
    "environments/staging/apps/shop/a.txt": "staging",
    "environments/staging/apps/shop/rules/2": "staging",
    "environments/staging/apps/shop/rules/3": "staging",
    "environments/staging/apps/extra.yaml": "image: extra:1\n",
    "environments/live/machines/l-1.yaml": "address: 10.2.0.1\n",
    "environments/live/slipway.yaml": "fleet: other\n",
  };
  const snapshot = snapshotOf(files);
  const pathOf = new Map(snapshot.entries.map(({ path, blob }) => [blob, path]));
  assert.deepEqual(environmentsOf(snapshot), ["live", "staging"]);
  const staging = await documentsOf(files, "staging");
  assert.deepEqual([...staging.machines.keys()], ["s-1"]);
  assert.deepEqual([...staging.apps.keys()], ["extra", "shop"]);
  const ships = staging.apps.get("shop")?.ships;
  const contents = (source: string): readonly string[] =>
    (ships?.get(source) ?? []).map(
      ({ path, blob }) => `${path}=${files[pathOf.get(blob) as keyof typeof files]}`,
    );
  assert.deepEqual(contents("a.txt"), ["=staging"]);
  assert.deepEqual(contents("rules"), ["1=root", "2=staging", "3=staging"]);
  const live = await documentsOf(files, "live");
  assert.equal(live.fleet, "other-live");
  assert.deepEqual([...live.apps.keys()], ["shop"]);
});

test("environments are folders with names", async () => {
  assert.deepEqual(await told(repo({ "environments/Staging/slipway.yaml": "" })), [
    "bad-name environments/Staging:1:1: environment 'Staging' is not a name: it holds U+0053 'S'",
  ]);
  assert.deepEqual(await told(repo({ "environments/staging.yaml": "" })), [
    "stray-document environments/staging.yaml:1:1: environments/ holds folders: environments/<name>/…",
  ]);
  assert.deepEqual(await told(repo(), { environment: "staging" }), [
    "unknown-environment environments:1:1: there is no environment 'staging'; there is no environments/ folder",
  ]);
  assert.deepEqual(
    await told(
      repo({ "environments/staging/apps/shop/app.yaml": "{}", "apps/shop.yaml": "image: a\n" }),
      { environment: "staging" },
    ),
    [
      "app-declared-twice environments/staging/apps/shop/app.yaml:1:1: app 'shop' already is apps/shop.yaml; keep one of the two",
    ],
  );
  const fleet = "a".repeat(35);
  assert.deepEqual(
    (
      await told(
        repo({ "slipway.yaml": `fleet: ${fleet}\n`, "environments/staging/slipway.yaml": "" }),
        { environment: "staging" },
      )
    ).map((t) => t.split(" ")[0]),
    ["name-too-long"],
  );
});

test("services: names, shared keys, and one document each", async () => {
  const { apps, families } = await documentsOf(
    repo({
      "apps/shop.yaml": [
        "image: shop:1",
        "env: { A: shared }",
        "instances: 2",
        "services:",
        "  shop: { port: 3000 }",
        "  worker: { command: [work], env: { B: own } }",
        "perMachine: { web-1: { env: { C: here } } }",
      ].join("\n"),
    }),
  );
  assert.deepEqual([...apps.keys()], ["shop", "shop-worker"]);
  const worker = apps.get("shop-worker");
  assert.equal(worker?.family, "shop");
  assert.equal(worker?.service, "worker");
  assert.equal(apps.get("shop")?.service, "shop");
  assert.deepEqual(worker?.fields.env, { A: "shared", B: "own" });
  assert.deepEqual(worker?.perMachine.get("web-1")?.env, { A: "shared", B: "own", C: "here" });
  assert.equal("services" in (worker?.fields ?? {}), false);
  assert.equal("perMachine" in (worker?.fields ?? {}), false);
  const file = families.get("shop")?.file;
  assert.equal(file?.instances, undefined, "a family's data holds neither place nor count");
  assert.deepEqual(Object.keys(file?.services ?? {}), ["shop", "worker"]);
});

test("a family's data changes with what it is, not with where and how often it runs", async () => {
  const fileOf = async (text: string): Promise<unknown> =>
    (
      await documentsOf(
        repo({ "machines/web-2.yaml": "address: 10.0.0.12\n", "apps/shop.yaml": text }),
      )
    ).families.get("shop")?.file;
  const here = await fileOf("image: a\nmachines: web-1\nperMachine: { web-1: { instances: 2 } }\n");
  assert.deepEqual(here, await fileOf("image: a\nmachines: all\ninstances: 3\n"));
  assert.notDeepEqual(here, await fileOf("image: b\nmachines: web-1\n"));
});

test("a forgotten service is an error, not a service that silently goes", async () => {
  assert.deepEqual(
    await told(repo({ "apps/shop.yaml": "image: a\nservices: { web: , worker: {} }\n" })),
    [
      "empty-value apps/shop.yaml:2:13: service 'web' is null, which unsets it; write web: {} if nothing differs",
    ],
  );
  const files = repo({
    "apps/shop.yaml": "image: a\nservices: { web: {}, worker: {} }\n",
    "environments/staging/apps/shop.yaml": "services: { worker: null }\n",
  });
  assert.deepEqual([...(await documentsOf(files, "staging")).apps.keys()], ["shop-web"]);
});

test("each layer is checked by itself, also where another one hides its mistake", async () => {
  const files = repo({
    "apps/shop.yaml": "image: a\ninstances: many\n",
    "environments/staging/apps/shop.yaml": "instances: 2\nprot: 1\n",
  });
  assert.deepEqual(await told(files, { environment: "staging" }), [
    "wrong-type apps/shop.yaml:2:12: instances must be a number of instances, not the text 'many'",
    "unknown-key environments/staging/apps/shop.yaml:2:1: unknown key 'prot' (did you mean 'port'?)",
  ]);
});

test("the fleet is told even where slipway.yaml is not right", async () => {
  const broken = snapshotOf({
    "slipway.yaml": "fleet: acme\ndefalts: {}\n",
    "environments/eu/slipway.yaml": "{}",
  });
  assert.equal((await load(broken)).fleet, "acme");
  assert.equal((await load(broken, { environment: "eu" })).fleet, "acme-eu");
  assert.equal((await load(snapshotOf({ "slipway.yaml": "fleet: A B\n" }))).fleet, undefined);
});

test("what is missing in one layer may stand in another; what is missing in all is told", async () => {
  const { apps } = await documentsOf(
    repo({
      "slipway.yaml": "fleet: acme\ndefaults: { app: { release: { deadline: 9m } } }\n",
      "apps/shop/app.yaml": [
        "image: shop:1",
        "files: { /etc/a: { from: a.txt } }",
        "services: { web: { release: { command: [migrate] } } }",
        'perMachine: { web-1: { files: { /etc/a: { mode: "0400" } } } }',
      ].join("\n"),
      "apps/shop/a.txt": "x",
    }),
  );
  const web = apps.get("shop-web");
  assert.deepEqual(web?.fields.release, { command: ["migrate"], deadline: "9m" });
  assert.deepEqual(web?.perMachine.get("web-1")?.files, {
    "/etc/a": { from: "a.txt", mode: "0400" },
  });
  assert.deepEqual(
    await told(
      repo({
        "apps/shop.yaml": [
          "image: shop:1",
          "services: { web: { release: { deadline: 1m } }, api: {} }",
          "perMachine: { web-1: { volumes: { data: { readOnly: true } } } }",
        ].join("\n"),
      }),
    ),
    [
      "missing-key apps/shop.yaml:2:20: release needs 'command'",
      "missing-key apps/shop.yaml:3:35: volumes.data needs 'path'",
    ],
  );
});
