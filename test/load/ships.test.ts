import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { documentsOf, repo, told, type Files } from "./repos.ts";

const folder = (source: string, more: Files = {}): Files =>
  repo({
    "apps/shop/app.yaml": `image: a\nfiles: { /x: ${JSON.stringify(source)} }\n`,
    "apps/shop/a.txt": "a",
    "apps/shop/rules/1": "1",
    "apps/shop/rules/deep/2.yaml": "2",
    "apps/shop-evil/secret.txt": "no",
    "apps/other/app.yaml": "image: b\n",
    "apps/other/own.txt": "no",
    "top.txt": "no",
    ...more,
  });

test("a source is a file, or a folder with all below it", async () => {
  const pathsOf = async (source: string): Promise<readonly string[] | undefined> =>
    (await documentsOf(folder(source))).apps
      .get("shop")
      ?.ships.get(source)
      ?.map((file) => file.path);
  assert.deepEqual(await pathsOf("a.txt"), [""]);
  assert.deepEqual(await pathsOf("./a.txt"), [""]);
  assert.deepEqual(await pathsOf("rules//deep/2.yaml"), [""]);
  assert.deepEqual(await pathsOf("rules"), ["1", "deep/2.yaml"]);
  assert.deepEqual(await pathsOf("rules/"), ["1", "deep/2.yaml"]);
  assert.deepEqual(
    await pathsOf("."),
    ["a.txt", "rules/1", "rules/deep/2.yaml"],
    "the app's own file stays out",
  );
});

test("a file's mode in git goes along, and content is named by its blob", async () => {
  const snapshot = snapshotOf(folder("rules"), { types: { "apps/shop/rules/1": "executable" } });
  const { documents } = await load(snapshot);
  const files = documents?.apps.get("shop")?.ships.get("rules");
  assert.deepEqual(
    files?.map((file) => file.executable),
    [true, false],
  );
  assert.equal(
    files?.[0]?.blob,
    snapshot.entries.find((entry) => entry.path === "apps/shop/rules/1")?.blob,
  );
});

test("a flat app ships from apps/, but neither YAML nor what is another app's", async () => {
  const flat = (source: string): Files =>
    repo({
      "apps/db.yaml": `image: a\nfiles: { /x: ${JSON.stringify(source)} }\n`,
      "apps/db.conf": "a",
      "apps/db/extra.conf": "b",
      "apps/other.yaml": "image: b\n",
      "apps/shop/app.yaml": "image: b\n",
      "apps/shop/own.conf": "c",
      "apps/rules/a.yaml": "d",
    });
  assert.equal(
    (await documentsOf(flat("db.conf"))).apps.get("db")?.ships.get("db.conf")?.length,
    1,
  );
  assert.equal((await documentsOf(flat("db/"))).apps.get("db")?.ships.get("db/")?.length, 1);
  const refused: readonly (readonly [string, string])[] = [
    ["db.yaml", "flat-app-ships-yaml"],
    ["other.yaml", "flat-app-ships-yaml"],
    ["rules", "flat-app-ships-yaml"],
    ["shop/own.conf", "source-escapes"],
    ["shop", "source-escapes"],
    [".", "source-escapes"],
    ["", "empty-value"],
  ];
  for (const [source, code] of refused) {
    const codes = (await told(flat(source)))
      .map((one) => one.split(" ")[0])
      .filter((one) => one !== "folder-without-app");
    assert.ok(codes.includes(code), `${source}: ${codes.join()}`);
  }
});

test("nothing outside the app's folder can be shipped", async () => {
  const refused: readonly (readonly [string, string])[] = [
    ["../other/own.txt", "source-escapes"],
    ["rules/../../other/own.txt", "source-escapes"],
    ["rules/..", "source-escapes"],
    ["../shop-evil/secret.txt", "source-escapes"],
    ["-evil/secret.txt", "source-missing"],
    ["/etc/passwd", "source-escapes"],
    ["..\\other\\own.txt", "bad-source"],
    ["a.txt\u0000", "control-character"],
    ["a.txt\n", "bad-source"],
    ["../../top.txt", "source-escapes"],
    ["top.txt", "source-missing"],
    ["a.txt/", "source-missing"],
    ["app.yaml", "ships-own-document"],
    ["rule", "source-missing"],
  ];
  for (const [source, code] of refused) {
    const codes = (await told(folder(source))).map((one) => one.split(" ")[0]);
    assert.deepEqual(codes, [code], source);
  }
});

test("perMachine ships too, and is told at its own place", async () => {
  const files = (source: string): Files =>
    folder("a.txt", {
      "apps/shop/app.yaml": `image: a\nfiles: { /x: a.txt }\nperMachine: { web-1: { files: { /y: { from: ${source}, mode: "0400" } } } }\n`,
    });
  assert.deepEqual(
    [...((await documentsOf(files("rules"))).apps.get("shop")?.ships.keys() ?? [])],
    ["a.txt", "rules"],
  );
  assert.deepEqual(await told(files("gone")), [
    "source-missing apps/shop/app.yaml:3:45: 'gone' is neither a file nor a folder in apps/shop/",
  ]);
});
