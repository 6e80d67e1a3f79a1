import assert from "node:assert/strict";
import { test } from "node:test";
import { armoredYaml, documentsOf, repo, told, type Files } from "./repos.ts";

const machine = (files: string, more: Files = {}): Files =>
  repo({
    "machines/web-1.yaml": `address: 10.0.0.11\nfiles: ${files}\n`,
    "machines/motd.txt": "hello\n",
    "machines/conf/app.conf": "x\n",
    "secrets/shop.yaml": armoredYaml("KEY"),
    "secrets/tls/key.age": "x",
    ...more,
  });

test("files of a machine stand beside its own file, or are secrets", async () => {
  const files =
    "{ /a: motd.txt, /b: { from: conf/app.conf }, /c: { secret: shop.KEY }, /d: { secret: tls/key } }";
  const { machines } = await documentsOf(machine(files));
  const { ships, secrets } = machines.get("web-1") ?? {};
  assert.deepEqual([...(ships?.keys() ?? [])], ["motd.txt", "conf/app.conf"]);
  assert.deepEqual(
    [...(secrets ?? [])].map(([ref, { name }]) => `${ref} ${name}`),
    ["shop.KEY shop.KEY", "tls/key tls/key.age"],
  );
});

test("an environment's file hides the root's", async () => {
  const files = machine("{ /a: motd.txt }", {
    "environments/staging/machines/motd.txt": "other\n",
  });
  const blobOf = async (environment?: string): Promise<string | undefined> =>
    (await documentsOf(files, environment)).machines.get("web-1")?.ships.get("motd.txt")?.blob;
  assert.notEqual(await blobOf("staging"), await blobOf());
});

const wrong: Readonly<Record<string, readonly string[]>> = {
  "{ /a: nonesuch }": [
    "source-missing machines/web-1.yaml:2:14: 'nonesuch' is no file in machines/",
  ],
  "{ /a: mtod.txt }": [
    "source-missing machines/web-1.yaml:2:14: 'mtod.txt' is no file in machines/ (did you mean 'motd.txt'?)",
  ],
  "{ /a: conf }": [
    "bad-source machines/web-1.yaml:2:14: 'conf' is a folder; the files of a machine are named one by one",
  ],
  "{ /a: ../slipway.yaml }": [
    "source-escapes machines/web-1.yaml:2:14: '../slipway.yaml' leads out of machines/; a machine has what stands beside it",
  ],
  "{ /a: web-1.yaml }": [
    "bad-source machines/web-1.yaml:2:14: 'web-1.yaml': YAML in machines/ describes machines; let the file have another ending",
  ],
  "{ /a: { secret: KEY } }": [
    "unknown-secret machines/web-1.yaml:2:24: there is no secret 'KEY': what belongs to no app is written with its file: name.KEY (did you mean 'shop.KEY'?)",
  ],
  "{ /a: { from: motd.txt, secret: shop.KEY } }": [
    "secret-unclear machines/web-1.yaml:2:40: files./a has from and secret; keep one (null unsets one from below)",
  ],
};

for (const [files, findings] of Object.entries(wrong))
  test(`told: files: ${files}`, async () => {
    assert.deepEqual(await told(machine(files)), findings);
  });

for (const path of ["etc/motd", "/etc/../x", "/etc//x", "/etc/", "/", "/a b", '/a"b', "/etc/."])
  test(`no path of a file: ${path}`, async () => {
    const found = await told(machine(`{ ${JSON.stringify(path)}: motd.txt }`));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", /absolute path/);
  });

for (const path of [
  "/proc/sys/x",
  "/var/lib/slipway/acme/key",
  "/etc/sudoers.d/slipway-acme",
  "/etc/sysctl.d/90-slipway-acme-x.conf",
  "/etc/fstab",
  "/etc/localtime",
  "/etc/shadow",
])
  test(`not the machine's own to say: ${path}`, async () => {
    const [found = "", ...others] = await told(machine(`{ ${path}: motd.txt }`));
    assert.match(found, /^path-taken /);
    assert.deepEqual(others, []);
  });
