import assert from "node:assert/strict";
import { test } from "node:test";
import { createParseCache } from "../../src/load/cache.ts";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { armor, armoredYaml, documentsOf, repo, told, type Files } from "./repos.ts";

const app = (...lines: readonly string[]): string => ["image: a", ...lines, ""].join("\n");

test("values have full names, places, and what tells their ciphertext apart", async () => {
  const files = repo({
    "secrets/shop.yaml": armoredYaml("A", "B"),
    "secrets/team/db.yaml": armoredYaml("PASSWORD"),
    "secrets/tls/shop.key.age": Buffer.from([0, 0xff]),
  });
  const { sealed } = await documentsOf(files);
  const names = ["shop.A", "shop.B", "team/db.PASSWORD", "tls/shop.key.age"];
  assert.deepEqual([...sealed.keys()], names);
  assert.deepEqual(
    [...sealed.values()].map(({ name }) => name),
    names,
  );
  const b = sealed.get("shop.B");
  assert.deepEqual(b?.where, { file: "secrets/shop.yaml", line: 5, col: 4 });
  assert.match(b?.id ?? "", /^[0-9a-f]{40}#B$/);
  assert.equal(b?.source.form === "armor" && b.source.text.trim(), armor("B"));
  const file = sealed.get("tls/shop.key.age");
  assert.match(file?.id ?? "", /^[0-9a-f]{40}$/);
  assert.deepEqual(file?.where, { file: "secrets/tls/shop.key.age", line: 1, col: 1 });
  assert.deepEqual(file?.source, { form: "file", blob: file?.id });
});

test("without secrets there are none, and nothing is said", async () => {
  const { sealed, logins, apps } = await documentsOf(repo({ "apps/shop.yaml": app() }));
  assert.deepEqual([sealed.size, logins.size, apps.get("shop")?.secrets.size], [0, 0, 0]);
});

test("an armored value may be quoted, end in CR LF, and stand under any key", async () => {
  const text = [
    `A: ${JSON.stringify(armor("a"))}`,
    `B: |\r\n${armor("b").replaceAll(/^/gm, "  ").replaceAll("\n", "\r\n")}\r`,
    `with.dots_and-more: ${JSON.stringify(`\n ${armor("c")}\n\n`)}`,
  ].join("\n");
  const { sealed } = await documentsOf(repo({ "secrets/shop.yaml": text }));
  assert.deepEqual([...sealed.keys()], ["shop.A", "shop.B", "shop.with.dots_and-more"]);
});

const staged: Files = repo({
  "secrets/shop.yaml": armoredYaml("A", "B"),
  "secrets/tls.age": "root",
  "environments/staging/secrets/shop.yaml": `B: null\n${armoredYaml("A", "C")}`,
  "environments/staging/secrets/tls.age": "staging",
  "environments/staging/secrets/own.yaml": armoredYaml("K"),
});

test("an environment's values are laid over the root's by key; its whole files replace", async () => {
  const root = (await documentsOf(staged)).sealed;
  const over = (await documentsOf(staged, "staging")).sealed;
  assert.deepEqual([...root.keys()], ["shop.A", "shop.B", "tls.age"]);
  assert.deepEqual([...over.keys()], ["own.K", "shop.A", "shop.C", "tls.age"]);
  assert.equal(over.get("shop.A")?.where.file, "environments/staging/secrets/shop.yaml");
  assert.notEqual(over.get("shop.A")?.id, root.get("shop.A")?.id);
  assert.equal(over.get("tls.age")?.where.file, "environments/staging/secrets/tls.age");
  assert.notEqual(over.get("tls.age")?.id, root.get("tls.age")?.id);
});

test("a null that unsets nothing is told, and what an environment unsets is gone", async () => {
  assert.deepEqual(await told(repo({ "secrets/shop.yaml": "A:\n" })), [
    "null-unsets-nothing secrets/shop.yaml:1:1: warning: null unsets what stands below, and nothing does; a secret is an encrypted value",
  ]);
  const using = { ...staged, "apps/shop.yaml": app("secrets: [B]") };
  assert.deepEqual(await told(using), []);
  assert.deepEqual(await told(using, { environment: "staging" }), [
    "unknown-secret apps/shop.yaml:2:11: there is no secret 'B': secrets/shop.yaml and environments/staging/secrets/shop.yaml have no such key",
  ]);
});

test("what is no armored value is told at its line", async () => {
  const cases: readonly (readonly [text: string, found: string])[] = [
    ["KEY: 12345", "secret-not-encrypted secrets/shop.yaml:1:6: KEY is not encrypted"],
    ["KEY: ''", "secret-not-encrypted secrets/shop.yaml:1:6: KEY is not encrypted"],
    ["KEY: |\n  hunter2\n", "secret-not-encrypted secrets/shop.yaml:1:6: KEY is not encrypted"],
    [
      `KEY: ${JSON.stringify(`hunter2\n${armor("a")}`)}`,
      "secret-not-encrypted secrets/shop.yaml:1:6: KEY is not encrypted",
    ],
    ["KEY: [a]", "bad-secret secrets/shop.yaml:1:6: KEY is a list; a secret is one value"],
    ["KEY: { a: b }", "bad-secret secrets/shop.yaml:1:6: KEY is a map; a secret is one value"],
    [
      `KEY: >\n${armor("a").replaceAll(/^/gm, "  ")}\n`,
      "bad-secret secrets/shop.yaml:1:6: KEY has lost its lines: write | after the key",
    ],
    [
      `KEY: |\n  ${armor("a").split("\n").slice(0, 2).join("\n  ")}\n`,
      "bad-secret secrets/shop.yaml:1:6: KEY was cut off",
    ],
    [
      "KEY: ENC[AES256_GCM,data:a]",
      "bad-secret secrets/shop.yaml:1:6: KEY was encrypted by SOPS, but",
    ],
    ["a key: x", "bad-key secrets/shop.yaml:1:1: this is not a name for a secret"],
    ["1KEY: x", "bad-key secrets/shop.yaml:1:1: this is not a name for a secret"],
    ["- a", "wrong-type secrets/shop.yaml:1:1: a file is a map of keys to values, not a list"],
  ];
  for (const [text, found] of cases) {
    const [first = "", ...others] = await told(repo({ "secrets/shop.yaml": text }));
    assert.ok(first.startsWith(found), `${text}\n${first}`);
    assert.deepEqual(others, []);
  }
  const [first] = await told(repo({ "environments/eu/secrets/a/b.yaml": "KEY: x" }), {
    environment: "eu",
  });
  assert.match(first ?? "", /\(slipway --environment eu secrets set a\/b\.KEY\)/);
});

test("names, endings and other files below secrets/", async () => {
  const x = "x";
  const cases: readonly (readonly [path: string, findings: readonly string[]])[] = [
    [
      "secrets/shop.yml",
      ["yml-extension secrets/shop.yml:1:1: only .yaml is read: call it secrets/shop.yaml"],
    ],
    [
      "secrets/ѕhop.age",
      ["bad-name secrets/ѕhop.age:1:1: no app can name 'ѕhop.age': it holds U+0455 'ѕ'"],
    ],
    [
      "secrets/a b.age",
      ["bad-name secrets/a b.age:1:1: no app can name 'a b.age': it holds U+0020"],
    ],
    [
      "secrets/-a.age",
      ["bad-name secrets/-a.age:1:1: no app can name '-a.age': a part of it starts with '-'"],
    ],
    ["secrets/.age-recipients", []],
    ["secrets/team/.age-recipients", []],
    ["secrets/LICENSE", []],
    ["secrets/.gitattributes", []],
    [
      "secrets/.env",
      [
        "stray-secret secrets/.env:1:1: warning: not read, and not encrypted as far as Slipway knows: a whole file is encrypted by age, and called secrets/env.age",
      ],
    ],
    ["secrets/.backup/shop.yaml", []],
    [
      "secrets/shop.env",
      [
        "stray-secret secrets/shop.env:1:1: warning: not read, and not encrypted as far as Slipway knows: a whole file is encrypted by age, and called secrets/shop.env.age",
      ],
    ],
    ["environments/eu/secrets/shop.env", []],
  ];
  for (const [path, findings] of cases)
    assert.deepEqual(await told(repo({ [path]: x })), findings, path);
});

test("a name that stands for two secrets is told", async () => {
  const twice = repo({
    "secrets/shop.yaml": armoredYaml("db.KEY"),
    "secrets/shop.db.yaml": armoredYaml("KEY"),
  });
  assert.deepEqual(await told(twice), [
    "secret-ambiguous secrets/shop.yaml:1:9: shop.db.KEY is also what secrets/shop.db.yaml:1 is called; rename one of the two",
  ]);
  const file = repo({ "secrets/shop.yaml": armoredYaml("age"), "secrets/shop.age": "x" });
  assert.deepEqual(await told(file), [
    "secret-ambiguous secrets/shop.yaml:1:6: shop.age is also what secrets/shop.age:1 is called; rename one of the two",
  ]);
});

test("files of values are parsed once, and their findings come again from the cache", async () => {
  const cache = createParseCache();
  const files = repo({ "secrets/shop.yaml": `${armoredYaml("A")}B: x\n`, "secrets/b.age": "x" });
  const first = await load(snapshotOf(files), { cache });
  const { parsed } = cache;
  let reads = 0;
  const again = await load(snapshotOf(files, { onRead: () => reads++ }), { cache });
  assert.deepEqual([cache.parsed, reads], [parsed, 0]);
  assert.equal(first.findings.length, 1);
  assert.deepEqual(again.findings, first.findings);
});

test("a folder that is nearly called secrets/ is told, also where it holds whole files only", async () => {
  assert.deepEqual(await told(repo({ "secret/tls.age": "x" })), [
    "misspelt-folder secret/tls.age:1:1: warning: 'secret/' is not read (did you mean 'secrets/'?)",
  ]);
});
