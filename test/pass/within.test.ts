import assert from "node:assert/strict";
import { test } from "node:test";
import type { Documents } from "../../src/model/documents.ts";
import { registryOf } from "../../src/lib/image-name.ts";
import { boundsOf, readingWithin, withLoginsOf } from "../../src/pass/within.ts";
import { targetsOf } from "../../src/pass/targets.ts";
import { RemoteError, type Fleet, type Session, type Target } from "../../src/remote/session.ts";
import { documentsOf, type Files } from "../support/sim-fleet.ts";
import { armoredYaml } from "../load/repos.ts";

const key = (letter: string): string =>
  `hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}\n`;
const onBranch: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/gate.yaml": `address: 203.0.113.1\n${key("B")}`,
  "machines/web-1.yaml": `address: 10.0.0.1\nssh: { user: deploy, jump: gate }\n${key("C")}`,
  "apps/shop.yaml": "image: registry.example.com/shop:1\nmachines: web-1\n",
  "apps/cache.yaml": "image: redis:7\nmachines: web-1\n",
};

/** Every way to be reached differently than the branch says. */
const changes: readonly (readonly [string, string, Files])[] = [
  ["an address", "web-1", { "machines/web-1.yaml": "address: 198.51.100.66\n" }],
  ["a host key", "web-1", { "machines/web-1.yaml": `${webOne()}${key("D")}` }],
  ["no host key", "web-1", { "machines/web-1.yaml": webOne() }],
  ["a user", "web-1", { "machines/web-1.yaml": `${webOne("root")}${key("C")}` }],
  ["a port", "web-1", { "machines/web-1.yaml": `${webOne("deploy", ", port: 2222")}${key("C")}` }],
  [
    "a socket",
    "web-1",
    { "machines/web-1.yaml": `${webOne()}${key("C")}engine: { socket: /x }\n` },
  ],
  ["the way to its jump host", "web-1", { "machines/gate.yaml": "address: 198.51.100.66\n" }],
  ["a new machine", "web-2", { "machines/web-2.yaml": "address: 10.0.0.2\n" }],
  [
    "the defaults",
    "web-1",
    { "slipway.yaml": "fleet: acme\ndefaults: { machine: { engine: { socket: /x } } }\n" },
  ],
];

function webOne(user = "deploy", more = ""): string {
  return `address: 10.0.0.1\nssh: { user: ${user}, jump: gate${more} }\n`;
}

/** Remembers who was reached and what was asked there. */
function remoteThat(seen: string[]): Fleet {
  const session = (target: Target): Partial<Session> => ({
    machine: target.machine,
    limit: () => [],
    engine: ({ method, path }) => {
      seen.push(`${method} ${path}`);
      return Promise.resolve({ status: 200, body: {} });
    },
    talk: ({ text }) => {
      seen.push(text);
      return Promise.resolve("");
    },
  });
  return {
    session: (target) => {
      seen.push(`${target.user}@${target.address}:${target.port}`);
      return Promise.resolve(session(target) as Session);
    },
    seenHostKey: () => undefined,
    close: () => Promise.reject(new Error("the connections are others'")),
  };
}

const branch = await documentsOf(onBranch, "a".repeat(40));
const bounds = boundsOf(branch, branch);
const targetsWith = async (files: Files): Promise<ReadonlyMap<string, Target>> =>
  targetsOf(await documentsOf({ ...onBranch, ...files }, "b".repeat(40)));

test("machines are asked as the branch reaches them", async () => {
  const seen: string[] = [];
  const remote = readingWithin(remoteThat(seen), bounds);
  for (const target of (await targetsWith({})).values()) await remote.session(target);
  await remote.close();
  assert.deepEqual(seen, ["root@203.0.113.1:22", "deploy@10.0.0.1:22"]);
});

for (const [what, machine, files] of changes) {
  test(`with ${what} of the commit's own a machine is not asked`, async () => {
    const seen: string[] = [];
    const target = (await targetsWith(files)).get(machine);
    assert.ok(target);
    await assert.rejects(readingWithin(remoteThat(seen), bounds).session(target), (error) => {
      assert.ok(error instanceof RemoteError);
      assert.match(error.message, /asked once it is merged$/);
      return true;
    });
    assert.deepEqual(seen, []);
  });
}

const requests: readonly (readonly [
  method: "GET" | "POST" | "DELETE",
  path: string,
  refusal?: RegExp,
])[] = [
  ["GET", "/containers/json?all=1"],
  ["GET", "/distribution/registry.example.com/other%3A2/json"],
  ["GET", "/distribution/postgres%3A16/json"],
  ["GET", "/images/evil.example.com/x/json"],
  ["GET", "/distribution/evil.example.com/x%3A1/json", /no app has one from evil\.example\.com/],
  ["GET", "/distribution/169.254.169.254/x%3A1/json", /169\.254\.169\.254/],
  ["GET", "/distribution/registry.example.com%3A5000/x/json", /registry\.example\.com:5000/],
  ["GET", "/distribution/localhost/x/json", /localhost/],
  ["POST", "/containers/create", /changes nothing/],
  ["DELETE", "/containers/x", /changes nothing/],
];

for (const [method, path, refusal] of requests) {
  test(`${method} ${path} is ${refusal === undefined ? "asked" : "refused"}`, async () => {
    const seen: string[] = [];
    const target = bounds.targets.get("web-1");
    assert.ok(target);
    const session = await readingWithin(remoteThat(seen), bounds).session(target);
    const asked = session.engine({ method, path, timeoutMs: 1 });
    if (refusal === undefined) await asked;
    else await assert.rejects(asked, refusal);
    assert.deepEqual(seen.slice(1), refusal === undefined ? [`${method} ${path}`] : []);
  });
}

test("the registry of the proxies' image is asked where the branch has proxies", async () => {
  const image = "mirror.example.com/haproxy:lts";
  const registriesWith = async (settings: string): Promise<readonly string[]> => {
    const own = await documentsOf(
      { ...onBranch, "slipway.yaml": `fleet: acme\n${settings}` },
      "a".repeat(40),
    );
    return [...boundsOf(own, own).registries].toSorted();
  };
  const ofApps = ["docker.io", "registry.example.com"];
  assert.deepEqual(await registriesWith(""), ofApps);
  assert.deepEqual(await registriesWith(`proxy: { image: "${image}" }\n`), [
    "docker.io",
    "mirror.example.com",
    "registry.example.com",
  ]);
});

for (const [text, isAsked] of [
  ["show servers state;show map x\n", true],
  [" show info ;\nshow stat\n", true],
  ["show info;set server b/s state maint\n", false],
  ["show map x\nclear map x\n", false],
  ["showing\n", false],
] as const) {
  test(`${JSON.stringify(text)} is ${isAsked ? "said" : "not said"} to a socket`, async () => {
    const seen: string[] = [];
    const target = bounds.targets.get("web-1");
    assert.ok(target);
    const session = await readingWithin(remoteThat(seen), bounds).session(target);
    const said = session.talk({ path: "/run/x.sock", text, timeoutMs: 1 });
    if (isAsked) await said;
    else await assert.rejects(said, /changes nothing/);
    assert.deepEqual(seen.slice(1), isAsked ? [text] : []);
  });
}

test("an image's registry is read from its name as engines do", () => {
  const cases = {
    redis: "docker.io",
    "redis:7": "docker.io",
    "library/redis": "docker.io",
    "docker.io/redis": "docker.io",
    "index.docker.io/library/redis": "docker.io",
    "ghcr.io/acme/shop:1": "ghcr.io",
    "localhost/x": "localhost",
    "10.0.0.1:5000/x@sha256:00": "10.0.0.1:5000",
  };
  for (const [text, registry] of Object.entries(cases)) assert.equal(registryOf(text), registry);
});

const withLogin = (user: string, ref: string): Files => ({
  ...onBranch,
  "slipway.yaml": `fleet: acme\nregistries: { registry.example.com: { user: ${user}, password: ${ref} } }\n`,
  "secrets/registries.yaml": armoredYaml("TOKEN", "OTHER"),
});

test("a login goes along only where the branch has the same", async () => {
  const branch = await documentsOf(withLogin("bot", "registries.TOKEN"), "1".repeat(40));
  const loginsFor = async (user: string, ref: string): Promise<readonly string[]> => [
    ...withLoginsOf(branch, await documentsOf(withLogin(user, ref), "1".repeat(40))).logins.keys(),
  ];
  assert.deepEqual(await loginsFor("bot", "registries.TOKEN"), ["registry.example.com"]);
  assert.deepEqual(await loginsFor("eve", "registries.TOKEN"), []);
  assert.deepEqual(await loginsFor("bot", "registries.OTHER"), []);
  assert.deepEqual(
    [...withLoginsOf(await documentsOf(onBranch, "1".repeat(40)), branch).logins],
    [],
  );
});

test("a registry with another login than the branch's is asked once that is merged", async () => {
  const [bot, eve] = await Promise.all(
    ["bot", "eve"].map(async (user) =>
      documentsOf(withLogin(user, "registries.TOKEN"), "1".repeat(40)),
    ),
  );
  assert.ok(bot && eve);
  const asked = async (base: Documents, documents: Documents): Promise<string> => {
    const own = boundsOf(base, documents);
    const target = own.targets.get("web-1");
    assert.ok(target);
    const session = await readingWithin(remoteThat([]), own).session(target);
    const path = "/distribution/registry.example.com/shop%3A2/json";
    return await session.engine({ method: "GET", path, timeoutMs: 1 }).then(
      () => "asked",
      (error: unknown) => String(error),
    );
  };
  assert.equal(await asked(bot, bot), "asked");
  assert.match(await asked(bot, eve), /another login for registry\.example\.com, asked once it is/);
  assert.match(await asked(branch, bot), /another login for .*, asked once it is merged$/);
  // Without one it will be asked just so.
  assert.equal(await asked(bot, branch), "asked");
});
