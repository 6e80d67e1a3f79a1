import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createParseCache } from "../../src/load/cache.ts";
import { load } from "../../src/load/load.ts";
import { parseTemplate } from "../../src/load/templates.ts";
import { snapshotOf } from "../support/repo.ts";
import { armoredYaml, documentsOf, repo, told, type Files } from "./repos.ts";

const shop = (files: string, more: Files = {}): Files =>
  repo({
    "secrets/shop.yaml": armoredYaml("A", "B"),
    "secrets/db.yaml": armoredYaml("PASSWORD"),
    "apps/shop/app.yaml": `image: a\nfiles: { ${files} }\n`,
    ...more,
  });
const template = "/etc/shop.toml: { from: shop.toml, template: true }";

test("a shipped file is split into its parts, and what it refers to is found", async () => {
  const text = "\ufeffurl = '${A}:${db.PASSWORD}'\r\ncost = $$5 $x ${ A }\n";
  const { apps } = await documentsOf(shop(template, { "apps/shop/shop.toml": text }));
  const app = apps.get("shop");
  assert.deepEqual(app?.templates.get("shop.toml"), [
    "\ufeffurl = '",
    { ref: "A" },
    ":",
    { ref: "db.PASSWORD" },
    "'\r\ncost = $5 $x ",
    { ref: "A" },
    "\n",
  ]);
  assert.deepEqual(
    [...(app?.secrets ?? [])].map(([ref, { name }]) => [ref, name]),
    [
      ["A", "shop.A"],
      ["db.PASSWORD", "db.PASSWORD"],
    ],
  );
});

test("mistakes in a template are told where they stand in it", async () => {
  const of = async (text: string | Uint8Array): Promise<readonly string[]> =>
    await told(shop(template, { "apps/shop/shop.toml": text }));
  assert.deepEqual(await of("a\nb = ${A}\nc = ${X}${db.X}\n"), [
    "unknown-secret apps/shop/shop.toml:3:5: there is no secret 'X': secrets/shop.yaml has no such key",
    "unknown-secret apps/shop/shop.toml:3:9: there is no secret 'db.X': secrets/db.yaml has no such key",
  ]);
  assert.deepEqual(await of("a\n  b = ${A\n"), [
    "bad-template apps/shop/shop.toml:2:7: '${' is not closed; a dollar sign is written '$$'",
  ]);
  assert.deepEqual(await of("a ${A:-b}\n"), [
    "bad-template apps/shop/shop.toml:1:3: between '${' and '}' stands the name of a secret: KEY or name.KEY; a dollar sign is written '$$'",
  ]);
  assert.deepEqual(await of(Buffer.from("a\n\xff${A}\n", "latin1")), [
    "not-utf8 apps/shop/shop.toml:2:1: this line is not UTF-8 text",
  ]);
  assert.deepEqual(await of("a $ b\n"), [
    "template-without-secret apps/shop/app.yaml:2:55: warning: there is no ${…} in this template: it is not needed",
  ]);
  assert.deepEqual(await of("#".repeat(2 ** 20 + 1)), [
    "file-too-large apps/shop/shop.toml:1:1: larger than 1024 KiB, which is the most that is read of a template",
  ]);
});

test("a template is one file, from the repo", async () => {
  const files = { "apps/shop/rules/a": "${A}", "apps/shop/b": "${A}" };
  const of = async (entry: string): Promise<readonly string[]> =>
    await told(shop(`/x: { ${entry} }`, files));
  assert.deepEqual(await of("from: rules/, template: true"), [
    "bad-template apps/shop/app.yaml:2:40: 'rules/' is a folder; a template is one file",
  ]);
  assert.deepEqual(await of("from: rules, template: true"), [
    "bad-template apps/shop/app.yaml:2:39: 'rules' is a folder; a template is one file",
  ]);
  assert.deepEqual(await of("from: none, template: true"), [
    "source-missing apps/shop/app.yaml:2:22: 'none' is neither a file nor a folder in apps/shop/",
  ]);
  assert.deepEqual(await of("secret: A, template: true"), [
    "secret-unclear apps/shop/app.yaml:2:37: /x: a template is a file of the repo (from); a secret is written as it is",
  ]);
  assert.deepEqual(await of("from: b, template: false"), []);
});

test("an environment's file is the template there, also on single machines", async () => {
  const files = {
    ...shop("", {
      "apps/shop/a": "${A}",
      "apps/shop/b": "${B}",
      "environments/eu/apps/shop/b": "eu ${db.PASSWORD}",
    }),
    "apps/shop/app.yaml":
      "image: a\nfiles: { /x: { from: a, template: true } }\nperMachine: { web-1: { files: { /x: { from: b } } } }\n",
  };
  const root = (await documentsOf(files)).apps.get("shop");
  assert.deepEqual([...(root?.secrets.keys() ?? [])], ["A", "B"]);
  const { apps } = await documentsOf(files, "eu");
  assert.deepEqual(apps.get("shop")?.templates.get("b"), ["eu ", { ref: "db.PASSWORD" }]);
});

test("templates are read once", async () => {
  const cache = createParseCache();
  const files = shop(template, { "apps/shop/shop.toml": "${A}" });
  await load(snapshotOf(files), { cache });
  let reads = 0;
  const { documents } = await load(snapshotOf(files, { onRead: () => reads++ }), { cache });
  assert.equal(reads, 0);
  assert.deepEqual(documents?.apps.get("shop")?.templates.get("shop.toml"), [{ ref: "A" }]);
});

test("where a reference stands is where its '${' is", () => {
  const piece = fc.constantFrom("$", "$$", "${", "}", "${A}", "${ b.C }", "\n", "x", "é", "{");
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("");
      const { template: parsed } = parseTemplate("t", Buffer.from(text));
      if (parsed === undefined) return;
      const named = parsed.parts.flatMap((part) => (typeof part === "string" ? [] : [part.ref]));
      assert.deepEqual([...parsed.refs.keys()], [...new Set(named)]);
      for (const [ref, { line, col }] of parsed.refs) {
        const rest = text.split("\n")[line - 1]?.slice(col - 1) ?? "";
        assert.match(rest, new RegExp(`^\\$\\{\\s*${ref.replace(".", "\\.")}\\s*\\}`));
      }
    }),
  );
});
