import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec, FilesSpec, ReleaseSpec } from "../../src/kinds/index.ts";
import { specDigest } from "../../src/kinds/index.ts";
import type { Compiled } from "../../src/desired/work.ts";
import { compileDocuments, compileFiles, containersOf } from "./compiled.ts";
import { documentsOf, repo, type Files } from "../load/repos.ts";

const repoWith = (lines: readonly string[], toml = "a = 1"): Files => ({
  "machines/web-1.yaml": "address: 10.0.0.11\n",
  "apps/shop/app.yaml": [
    "image: shop:1",
    "files: { /etc/shop.toml: shop.toml, /etc/rules: rules/ }",
    ...lines,
  ].join("\n"),
  "apps/shop/shop.toml": toml,
  "apps/shop/rules/a": "a",
});

const compiled = async (lines: readonly string[], toml?: string): Promise<Compiled> =>
  await compileFiles(repoWith(["reload: HUP", ...lines], toml));

const instance = (all: Compiled, number = 1): ContainerSpec => {
  const spec = containersOf(all)[`web-1/shop/${number}`];
  assert.ok(spec !== undefined);
  return spec;
};

const folderOf = ({ reload }: ContainerSpec): string => reload?.folder ?? "none";

test("what an app reads anew is mounted from a folder that other content leaves alone", async () => {
  const one = instance(await compiled([]));
  const two = instance(await compiled([], "a = 2"));
  assert.equal(specDigest(one), specDigest(two), "it is the same container");
  assert.equal(folderOf(one), folderOf(two));
  assert.notDeepEqual(one.reload?.files[1]?.digest, two.reload?.files[1]?.digest);
  assert.deepEqual(
    one.mounts.map(({ source, target }) => `${source.replace(folderOf(one), "X")} ${target}`),
    [
      "/var/lib/slipway/acme/hosts /etc/hosts",
      "/var/lib/slipway/acme/files/X/0 /etc/rules",
      "/var/lib/slipway/acme/files/X/1 /etc/shop.toml",
    ],
  );
  assert.deepEqual(
    one.reload?.files.map((f) => f.target),
    ["/etc/rules", "/etc/shop.toml"],
  );
});

test("each instance has its own, and so has what is made of something else", async () => {
  const all = await compiled(["instances: 2"]);
  const others = await Promise.all([
    compiled(["env: { A: a }"]),
    compiled(["command: [serve]"]),
    compiled(['publish: ["80:80"]']),
  ]);
  const folders = [instance(all), instance(all, 2), ...others.map((o) => instance(o))].map(
    folderOf,
  );
  assert.equal(new Set(folders).size, folders.length);
  assert.equal(folderOf(instance(await compiled(["resources: { memory: 64m }"]))), folders[0]);
  const files = all.resources.filter((r) => r.kind === "app/files").map((r) => r.spec as FilesSpec);
  assert.deepEqual(
    files.map(({ copies }) => copies),
    [folders.slice(0, 2), folders.slice(0, 2)],
  );
});

test("its release mounts what is shipped under its digest, as an app that is not told does", async () => {
  const { resources } = await compiled(["release: { command: [migrate] }"]);
  const release = resources.find((r) => r.kind === "app/release")?.spec as ReleaseSpec;
  const plain = containersOf(await compileFiles(repoWith([])))["web-1/shop/1"];
  assert.equal(release.container.reload, undefined);
  assert.deepEqual(release.container.mounts, plain?.mounts);
  const told = await compileFiles({
    "machines/web-1.yaml": "address: 10.0.0.11\n",
    "apps/shop.yaml": "image: shop:1\nreload: HUP\n",
  });
  assert.equal(instance(told).reload, undefined, "it ships nothing");
});

test("a renamed app keeps the folders that it had", async () => {
  const before = instance(await compiled([]));
  const renamed = Object.fromEntries(
    Object.entries(repoWith(["reload: HUP", "renamedFrom: shop"])).map(([path, text]) => [
      path.replace("apps/shop", "apps/store"),
      text,
    ]),
  );
  const all = await compileFiles(renamed, {
    formerly: { store: ["shop"] },
    madeAs: { store: "shop" },
  });
  const spec = containersOf(all)["web-1/store/1"];
  assert.ok(spec !== undefined);
  assert.deepEqual(spec.formerly?.map(folderOf), [folderOf(before)]);
  const [files] = all.resources.flatMap((r) =>
    r.kind === "app/files" ? [r.spec as FilesSpec] : [],
  );
  assert.deepEqual(files?.copies, [folderOf(spec), folderOf(before)]);
});

test("what only a proxy is to know makes no other container", async () => {
  const documents = await documentsOf(repo(repoWith([])));
  const routed = { routes: [{ host: "shop.example.com" }] };
  const apps = [...documents.apps.values()].map((app) => ({
    ...app,
    fields: { ...app.fields, ...routed },
  }));
  const [plain, withRoutes] = [compileDocuments(documents), compileDocuments(documents, { apps })];
  assert.equal(specDigest(instance(withRoutes)), specDigest(instance(plain)));
});
