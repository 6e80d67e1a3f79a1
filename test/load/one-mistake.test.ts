import assert from "node:assert/strict";
import { test } from "node:test";
import { yamlLimit } from "../../src/load/parse.ts";
import { secretFileLimit } from "../../src/model/sealed.ts";
import { armor, repo, told, type Files } from "./repos.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";

const armoredLine = (key: string): string => `${key}: ${JSON.stringify(armor(key))}\n`;

/** A repo in which all that can refer to something else does. One key a line, so that each can be spoilt by itself. */
const sound: Files = {
  "slipway.yaml": `fleet: acme
defaults: { app: { logs: { maxFiles: 5 }, health: { deadline: 9s } }, machine: { ssh: { user: deploy } } }
forge: { kind: github, repository: acme/infra }
registries: { ghcr.io: { user: bot, password: shared.GHCR_TOKEN } }
`,
  "machines/bastion.yaml": `address: 203.0.113.9
labels: { role: gate }
`,
  "machines/web-1.yaml": `address: 203.0.113.1
hostKey: ${key}
privateAddress: 10.0.0.1
ssh: { port: 2222, jump: bastion }
engine: { socket: /run/docker.sock }
labels: { role: [web], zone: a }
files: { /etc/motd: motd.txt, /etc/tls.key: { secret: tls/shop.key } }
`,
  "machines/web-2.yaml": `address: 203.0.113.2
privateAddress: 10.0.0.2
labels: { role: [web], zone: b }
`,
  "machines/motd.txt": "x",
  "apps/db.yaml": `image: postgres:16
machines: web-1
publish: ["5432:5432"]
volumes: { data: /var/lib/postgresql/data }
ulimits: { nofile: { soft: 10, hard: 20 } }
`,
  "apps/edge.yaml": `image: edge:1
machines: { role: web }
network: host
port: 8443
command: ["serve"]
`,
  "apps/shop/app.yaml": `image: shop:1
machines: { role: web, zone: [a, b] }
instances: 2
port: { http: 3000 }
health: { http: /up, port: http }
env: { LOG_LEVEL: info, URL: { template: "db://\${DB}@db" }, COPY: { secret: shared.GHCR_TOKEN } }
secrets: [DB, { KEY: { secret: tls/shop.key, as: file } }]
labels: { team: shop }
files: { /etc/shop.toml: shop.toml, /etc/all: { from: all.toml, template: true } }
resources: { memory: 64m, memorySwap: 128m }
release: { command: [migrate] }
after: [db, edge]
services: { shop: { volumes: { data: { path: /srv, name: old } } }, work: { command: [work], volumes: { data: { path: /srv, name: old } } } }
perMachine: { web-2: { env: { ZONE: b } } }
renamedFrom: store
`,
  "apps/shop/shop.toml": "x",
  "apps/shop/all.toml": "db=${DB}",
  "secrets/shop.yaml": armoredLine("DB"),
  "secrets/shared.yaml": armoredLine("GHCR_TOKEN"),
  "secrets/tls/shop.key.age": "x",
  "apps/twin.yaml": `image: twin:1
machines: [web-1, web-2]
publish: ["2222:80"]
perMachine: { web-1: { publish: ["9000:80"] } }
deploy: { strategy: stop-first }
`,
};

test("the sound repo is sound", async () => {
  assert.deepEqual(await told(sound), []);
});

const yamlFiles = Object.keys(sound).filter((path) => path.endsWith(".yaml"));
const linesOf = (path: string): readonly string[] =>
  String(sound[path])
    .split("\n")
    .filter((line) => line !== "");
const keyOf = (line: string): string => line.slice(0, line.indexOf(":"));

/** Ways to spoil one line, each of which is one mistake. */
const waysToSpoil: Readonly<Record<string, (line: string) => string>> = {
  "a wrong type": (line) => `${keyOf(line)}: [[]]`,
  "the same key again": (line) => `${line}\n${keyOf(line)}: other`,
  "a misspelt key": (line) => `${line.slice(0, 2)}x${line.slice(2)}`,
  "a key that is nothing like ours": (line) => `qqqqqqqqqqqqqqqq${line}`,
  "a tag": (line) => line.replace(": ", ": !odd "),
  "a control character": (line) => `${keyOf(line)}: "\\0"`,
};

for (const [how, spoil] of Object.entries(waysToSpoil)) {
  test(`one mistake is one finding: ${how}`, async () => {
    for (const path of yamlFiles) {
      for (const [i, line] of linesOf(path).entries()) {
        // What a key means that is like none of ours is not guessed: what stands beside it is taken as it stands.
        if (how.includes("nothing like ours") && line.startsWith("perMachine")) continue;
        // Any name will do for a secret: what is wrong then is every reference to it.
        if (/key(?! again)/.test(how) && path.startsWith("secrets/")) continue;
        const text = linesOf(path).with(i, spoil(line)).join("\n");
        const findings = await told({ ...sound, [path]: text });
        const there = findings.every((one) => one.includes(` ${path}:`));
        assert.ok(findings.length === 1 && there, `${path} ${line}\n${findings.join("\n")}`);
      }
    }
  });
}

const tooLarge = (path: string): number =>
  1 + (path.startsWith("secrets/") ? secretFileLimit : yamlLimit);

/** Ways to spoil a file as a whole. */
const waysToLose: Readonly<Record<string, (path: string) => Files>> = {
  "a file that is no YAML": (path) => ({ ...sound, [path]: `${String(sound[path])}]` }),
  "a file that is a list": (path) => ({ ...sound, [path]: "- a\n" }),
  "a file of another encoding": (path) => ({ ...sound, [path]: Buffer.from([0xff, 0xfe]) }),
  "a file that is too large": (path) => ({ ...sound, [path]: "#".repeat(tooLarge(path)) }),
  "two documents": (path) => ({ ...sound, [path]: `${String(sound[path])}---\n{}\n` }),
  "another ending": (path) => {
    const { [path]: text = "", ...others } = sound;
    return { ...others, [path.replace(/yaml$/, "yml")]: text };
  },
};

for (const [how, lose] of Object.entries(waysToLose)) {
  test(`one mistake is one finding: ${how}`, async () => {
    for (const path of yamlFiles) {
      const findings = await told(lose(path));
      assert.equal(findings.length, 1, `${path}\n${findings.join("\n")}`);
    }
  });
}

test("one mistake is one finding: links, and names that are none", async () => {
  for (const type of ["symlink", "submodule"] as const) {
    for (const path of [...yamlFiles, "apps/shop/shop.toml"]) {
      const findings = await told(sound, { types: { [path]: type } });
      assert.equal(findings.length, 1, `${path}\n${findings.join("\n")}`);
    }
    for (const folder of ["apps", "machines", "apps/shop"]) {
      const others = Object.entries(sound).filter(([path]) => !path.startsWith(`${folder}/`));
      const files = { ...Object.fromEntries(others), [folder]: "x" };
      const findings = await told(files, { types: { [folder]: type } });
      assert.equal(findings.length, 1, `${folder}\n${findings.join("\n")}`);
    }
  }
  const renamed = (from: string, to: string): Files => {
    const { [from]: text = "", ...others } = sound;
    return { ...others, [to]: text };
  };
  for (const [from, to] of [
    ["apps/db.yaml", "apps/DB.yaml"],
    ["machines/web-1.yaml", "machines/web_1.yaml"],
    ["machines/bastion.yaml", "machines/Bastion.yaml"],
    ["machines/web-2.yaml", "machines/eu/web-2.yaml"],
  ] as const) {
    const findings = await told(renamed(from, to));
    assert.equal(findings.length, 1, `${to}\n${findings.join("\n")}`);
  }
});

test("one mistake is one finding: in an environment", async () => {
  const overlay = (path: string): Files => ({
    "environments/eu/slipway.yaml": "{}",
    [`environments/eu/${path}`]: "]",
  });
  for (const path of yamlFiles) {
    const findings = await told({ ...sound, ...overlay(path) }, { environment: "eu" });
    assert.equal(findings.length, 1, `${path}\n${findings.join("\n")}`);
    const alone = { ...repo(), ...overlay(path) };
    assert.equal((await told(alone, { environment: "eu" })).length, 1, path);
  }
});
