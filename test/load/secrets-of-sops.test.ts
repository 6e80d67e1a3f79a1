import assert from "node:assert/strict";
import { test } from "node:test";
import { openSops } from "../../src/secrets/sops.ts";
import { agePair } from "../support/age.ts";
import { sealSops, sopsFile, str } from "../support/sops.ts";
import { armoredYaml, documentsOf, repo, told } from "./repos.ts";

const document = new Map([
  ["DB_PASSWORD", str("a")],
  ["db", new Map([["password", str("b")]])],
  ["hosts", [str("c"), str("d")]],
  ["empty", str("")],
  ["nothing", null],
]);

test("values in files of SOPS go by their paths, as they are opened", async () => {
  const { identities, recipients } = await agePair();
  const text = await sealSops(document, recipients);
  const { sealed } = await documentsOf(repo({ "secrets/shop.yaml": text }));
  const opened = await openSops(text, identities);
  assert("values" in opened);
  assert.deepEqual(
    [...sealed.keys()],
    [...opened.values.keys()].map((key) => `shop.${key}`).toSorted(),
  );
  const one = sealed.get("shop.hosts.1");
  assert(one?.source.form === "sops");
  assert.equal(one.source.key, "hosts.1");
  assert.equal(one.id, `${one.source.blob}#hosts.1`);
  assert.equal(one.where.file, "secrets/shop.yaml");
});

test("files that SOPS itself made are read", async () => {
  const names = ["flux-age.yaml", "nix-ssh.yaml", "rops-example.yaml", "rops-encrypted-regex.yaml"];
  for (const name of names) {
    const { sealed } = await documentsOf(repo({ "secrets/a.yaml": sopsFile(name) }));
    assert.ok(sealed.size > 0, name);
    assert.ok(
      [...sealed.keys()].every((key) => !key.includes(".sops")),
      name,
    );
  }
});

test("deeper keys are referred to in full, and a key of the app's own file by itself", async () => {
  const { recipients } = await agePair();
  const secrets = { "secrets/shop.yaml": await sealSops(document, recipients) };
  const of = async (refs: string) =>
    await told(repo({ ...secrets, "apps/shop.yaml": `image: a\nsecrets: [${refs}]\n` }));
  assert.deepEqual(await of("DB_PASSWORD, { P: shop.db.password }, { H: shop.hosts.0 }"), []);
  assert.deepEqual(await of("{ P: db.password }"), [
    "unknown-secret apps/shop.yaml:2:16: there is no secret 'db.password': neither secrets/db.yaml nor secrets/db.password.age is there (did you mean 'shop.db.password'?)",
  ]);
  assert.deepEqual(await of("{ P: shop.db }"), [
    "unknown-secret apps/shop.yaml:2:16: there is no secret 'shop.db': secrets/shop.yaml has no such key",
  ]);
});

test("what SOPS left in the clear may stand there, but nothing refers to it", async () => {
  const { recipients } = await agePair();
  const text = await sealSops(document, recipients, { isEncrypted: ([key]) => key === "db" });
  const files = repo({ "secrets/shop.yaml": text });
  assert.deepEqual(
    [...(await documentsOf(files)).sealed.keys()],
    ["shop.db.password", "shop.empty"],
  );
  const [finding = "", ...others] = await told({
    ...files,
    "apps/shop.yaml": "image: a\nsecrets: [DB_PASSWORD]\n",
  });
  assert.match(
    finding,
    /^secret-not-encrypted apps\/shop.yaml:2:11: 'shop.DB_PASSWORD' is not encrypted, SOPS left it/,
  );
  assert.deepEqual(others, []);
});

test("an environment lays values over a file of SOPS, and files of SOPS over values", async () => {
  const { recipients } = await agePair();
  const files = repo({
    "secrets/shop.yaml": await sealSops(document, recipients),
    "environments/eu/secrets/shop.yaml": armoredYaml("DB_PASSWORD", "more"),
    "environments/us/secrets/shop.yaml": await sealSops(
      new Map([
        ["hosts", [str("x")]],
        ["db", null],
      ]),
      recipients,
    ),
  });
  const eu = (await documentsOf(files, "eu")).sealed;
  assert.equal(eu.get("shop.DB_PASSWORD")?.source.form, "armor");
  assert.equal(eu.get("shop.db.password")?.source.form, "sops");
  const us = (await documentsOf(files, "us")).sealed;
  assert.deepEqual([...us.keys()], ["shop.DB_PASSWORD", "shop.empty", "shop.hosts.0"]);
  assert.equal(us.get("shop.hosts.0")?.where.file, "environments/us/secrets/shop.yaml");
});
