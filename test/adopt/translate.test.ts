import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { translate, type NewApp } from "../../src/adopt/apps.ts";
import { nameOf, type Found } from "../../src/adopt/found.ts";
import type { SecretDigests } from "../../src/desired/secrets.ts";
import { container, type ContainerSpec } from "../../src/kinds/app/container.ts";
import type { Json } from "../../src/lib/json.ts";
import { createParseCache, load } from "../../src/load/load.ts";
import type { Answers } from "../../src/model/query.ts";
import { fingerprint } from "../../src/model/secret.ts";
import { compileDocuments, containersOf, key } from "../desired/compiled.ts";
import { about, facts } from "../support/converge.ts";
import { snapshotOf } from "../support/repo.ts";
import { sealing } from "../support/sealed.ts";
import { anyTold, image, inspected, type Told } from "./by-hand.ts";

const place = { machine: "web-1", taken: new Set(["web-1"]) };
const ofCompose = (project: string, service: string, number = "1") => ({
  "com.docker.compose.project": project,
  "com.docker.compose.service": service,
  "com.docker.compose.container-number": number,
});

/** An engine that has these, and nothing of ours. */
const engineWith = (all: readonly Found[]): Answers => ({
  text: () => undefined,
  names: () => undefined,
  json: () => [],
  each: ({ path, each = "" }): readonly Json[] => {
    if (!path.includes("name")) return [];
    return each.startsWith("/images") ? [image] : all.map(({ inspect }) => inspect);
  },
});

describe("what runs on a server", () => {
  let armor: string;
  // Compiling the schemas once keeps this quick.
  const cache = createParseCache(1000);
  before(async () => {
    armor = await (await sealing()).value("x");
  });

  const filesOf = (apps: readonly NewApp[]): Readonly<Record<string, string>> => {
    const indented = armor
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}\n`)
      .join("");
    const secrets = apps
      .filter((app) => app.secrets.size > 0)
      .map((app) => [
        `secrets/${app.name}.yaml`,
        [...app.secrets.keys()].map((name) => `${name}: |\n${indented}`).join(""),
      ]);
    return {
      "slipway.yaml": "fleet: acme\n",
      "machines/web-1.yaml": "address: 10.0.0.11\n",
      ...Object.fromEntries(apps.map((app) => [`apps/${app.name}.yaml`, app.text])),
      ...(Object.fromEntries(secrets) as Record<string, string>),
    };
  };

  const specsOf = async (
    apps: readonly NewApp[],
  ): Promise<Readonly<Record<string, ContainerSpec>>> => {
    const { documents, findings } = await load(snapshotOf(filesOf(apps)), { cache });
    const errors = findings.filter(({ severity }) => severity === "error");
    assert.deepEqual(errors, [], apps.map(({ text }) => text).join("---\n"));
    assert.ok(documents !== undefined);
    const held = new Map(
      apps.flatMap((app) =>
        [...app.secrets].map(([name, value]) => [`${app.name}.${name}`, value]),
      ),
    );
    const valueOf: SecretDigests["sha256"] = (text) =>
      text.map((part) => (typeof part === "string" ? part : (held.get(part.name) ?? ""))).join("");
    return containersOf(
      compileDocuments(documents, {
        secrets: {
          fingerprint: (text, own) => fingerprint(Buffer.from(valueOf(text)), own),
          sha256: valueOf,
        },
      }),
    );
  };

  /** What taking over these would do. */
  const differences = async (all: readonly Found[]) => {
    const { apps, leftOut } = translate(all, place);
    assert.deepEqual(leftOut, []);
    const specs = Object.values(await specsOf(apps));
    const named = specs.map((s) => `${s.app}/${s.instance} ${s.family} ${s.adopt}`);
    const found = container.read(engineWith(all), {
      ...about,
      key,
      adopted: {},
      named: new Map([["app/container", named]]),
    });
    return specs.map((want) => container.diff(want, found.get(container.key(want)), facts));
  };

  const isTakenOver = async (told: Partial<Told>): Promise<void> => {
    for (const difference of await differences([inspected("web", told)])) {
      assert.ok(
        difference === undefined || difference.reason.code === "taken-over",
        JSON.stringify(difference),
      );
    }
  };

  test("is taken over as it is, however it was started", async () => {
    await fc.assert(fc.asyncProperty(anyTold, isTakenOver), { numRuns: 100 });
  });

  test("is told with no secret in plain text", async () => {
    await fc.assert(
      fc.asyncProperty(anyTold, (told) => {
        const env = { ...told.env, DB_PASSWORD: "canary-one", URL: "https://a:canary-two@b" };
        const { apps } = translate([inspected("web", { ...told, env })], place);
        assert.equal(apps.length, 1);
        for (const { text, secrets } of apps) {
          assert.doesNotMatch(text, /canary/);
          assert.equal(secrets.get("DB_PASSWORD"), "canary-one");
        }
        return Promise.resolve();
      }),
      { numRuns: 50 },
    );
  });

  test("of one Compose project is one app with its services, and their instances", async () => {
    const all = [
      inspected("shop-web-1", { labels: ofCompose("shop", "web"), env: { API_KEY: "one" } }),
      inspected("shop-web-2", { labels: ofCompose("shop", "web", "2"), env: { API_KEY: "one" } }),
      inspected("shop-db-1", { labels: ofCompose("shop", "db"), env: { API_KEY: "two" } }),
      inspected("alone", {}),
    ];
    const { apps, leftOut } = translate(all, place);
    assert.deepEqual(leftOut, []);
    assert.deepEqual(
      apps.map(({ name, containers }) => [name, containers]),
      [
        ["alone", ["alone"]],
        ["shop", ["shop-db-1", "shop-web-1", "shop-web-2"]],
      ],
    );
    assert.deepEqual(
      [...(apps[1]?.secrets ?? [])],
      [
        ["API_KEY", "two"],
        ["WEB_API_KEY", "one"],
      ],
    );
    const specs = await specsOf(apps);
    assert.deepEqual(Object.keys(specs).toSorted(), [
      "web-1/alone/1",
      "web-1/shop-db/1",
      "web-1/shop-web/1",
      "web-1/shop-web/2",
    ]);
    assert.equal(specs["web-1/shop-web/2"]?.adopt, "shop-web-2");
  });

  test("is told with each secret under a key of its own", async () => {
    const all = [
      inspected("alone", {
        env: { "MY.DB_PASSWORD": "one", "MY_DB.PASSWORD": "two", MY_DB_PASSWORD: "three" },
      }),
      inspected("shop-a-1", {
        labels: ofCompose("shop", "a"),
        env: { C_DB_PASSWORD: "one", DB_PASSWORD: "two" },
      }),
      inspected("shop-c-1", { labels: ofCompose("shop", "c"), env: { DB_PASSWORD: "three" } }),
      inspected("shop-d-1", { labels: ofCompose("shop", "d"), env: { "DB.PASSWORD": "two" } }),
    ];
    const { apps } = translate(all, place);
    const values = apps.map(({ secrets }) => [...secrets.values()].toSorted());
    assert.deepEqual(values, [
      ["one", "three", "two"],
      ["one", "three", "two"],
    ]);
    assert.equal(Object.keys(await specsOf(apps)).length, all.length);
  });

  test("is told apart where instances of a service differ", () => {
    const all = [
      inspected("shop-web-1", { labels: ofCompose("shop", "web") }),
      inspected("shop-web-2", { labels: ofCompose("shop", "web", "2"), env: { A: "b" } }),
    ];
    const { apps, leftOut } = translate(all, place);
    assert.deepEqual(
      apps.map(({ containers }) => containers),
      [["shop-web-1"]],
    );
    assert.deepEqual(
      leftOut.map((one) => one.container),
      ["shop-web-2"],
    );
  });

  const obstacles: readonly (readonly [told: Partial<Told>, why: RegExp])[] = [
    [{ host: { AutoRemove: true } }, /--rm/],
    [{ network: "none" }, /--network none/],
    [{ network: "container:abc" }, /--network container/],
    [{ host: { PidMode: "host" } }, /PidMode host/],
    [{ host: { IpcMode: "host" } }, /IpcMode host/],
    [{ host: { DeviceRequests: [{ Count: -1 }] } }, /--gpus/],
    [{ host: { PublishAllPorts: true } }, /-P/],
    [{ ports: [["80/tcp", "", ""]] }, /-p with the port 0/],
    [{ ports: [["80/tcp", "", "8000-8010"]] }, /8000-8010/],
    [{ cmd: ["redis-server", "--requirepass", "canary"] }, /secret in its command/],
    [{ cmd: ["app", "--db=postgres://a:canary@b/c"] }, /secret in its command/],
    [{ env: { "A B": "c" } }, /a variable "A B"/],
    [
      { mounts: [{ Type: "bind", Source: "/a", Destination: "/etc/hosts", RW: true }] },
      /a mount at/,
    ],
    [
      {
        mounts: [
          { Type: "bind", Source: "/srv/www", Destination: "/a", RW: true },
          { Type: "bind", Source: "/srv/www", Destination: "/b", RW: false },
        ],
      },
      /the folder \/srv\/www more than once, at \/a and \/b/,
    ],
    [{ host: { Binds: ["/srv:/srv:ro,rshared"] } }, /a mount that is rshared at \/srv/],
    [
      {
        host: {
          Mounts: [{ Type: "bind", Target: "/srv", BindOptions: { Propagation: "rslave" } }],
        },
      },
      /a mount that is rslave at \/srv/,
    ],
    [
      { host: { Mounts: [{ Type: "volume", Target: "/v", VolumeOptions: { Subpath: "a/b" } }] } },
      /a part of a volume, a\/b, at \/v/,
    ],
    [{ mounts: [{ Type: "npipe", Source: "a", Destination: "/b", RW: true }] }, /type npipe/],
  ];
  for (const [told, why] of obstacles)
    test(`is left out for ${String(why)}`, () => {
      const { apps, leftOut } = translate([inspected("web", told)], place);
      assert.deepEqual(apps, []);
      assert.match(leftOut[0]?.why.join("; ") ?? "", why);
      assert.doesNotMatch(JSON.stringify(leftOut), /canary/);
    });

  const notes: readonly (readonly [told: Partial<Told>, what: RegExp])[] = [
    [{ network: "own_default" }, /network own_default/],
    [{ host: { LogConfig: { Type: "journald", Config: {} } } }, /log driver journald/],
    [{ host: { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 } } }, /on-failure:3/],
    [{ labels: { "basic.auth": "canary" } }, /label basic\.auth/],
    [{ host: { OomScoreAdj: 500 } }, /OomScoreAdj/],
    [{ host: { Runtime: "runsc" } }, /--runtime runsc/],
    [{ macAddress: "02:42:ac:11:00:09" }, /--mac-address 02:42:ac:11:00:09/],
    [{ domain: "example.com" }, /--domainname example\.com/],
    [
      {
        mounts: [{ Type: "tmpfs", Source: "", Destination: "/scratch", RW: true }],
        host: {
          Mounts: [{ Type: "tmpfs", Target: "/scratch", TmpfsOptions: { SizeBytes: 1024 } }],
        },
      },
      /the options of tmpfs \/scratch/,
    ],
  ];
  for (const [told, what] of notes)
    test(`is noted with ${String(what)}`, () => {
      const { apps } = translate([inspected("web", told)], place);
      assert.match(apps[0]?.text ?? "", /^# web has until its next deploy: /);
      assert.match(apps[0]?.notes.get("web")?.join("; ") ?? "", what);
      assert.doesNotMatch(apps[0]?.text ?? "", /canary/);
    });

  const names: readonly (readonly [container: string, taken: readonly string[], name: string])[] = [
    ["web", ["web-1"], "web"],
    ["web", ["web-1", "web-2"], "web-app"],
    ["web", ["web"], "web-app"],
    ["Shop_Web.1", [], "shop-web-1"],
    ["web-3", ["web"], "web-3-app"],
    ["all", [], "app-all"],
    ["1234", [], "app-1234"],
  ];
  for (const [name, taken, expected] of names)
    test(`${name} is called ${expected} beside ${taken.join(" and ") || "nobody"}`, () => {
      const { apps } = translate([inspected(name, {})], {
        machine: "web-1",
        taken: new Set(taken),
      });
      assert.equal(apps[0]?.name, expected);
      assert.deepEqual(apps[0].containers, [nameOf(inspected(name, {}))]);
    });
});
