import assert from "node:assert/strict";
import { test } from "node:test";
import { familyDeclared } from "../../src/desired/effective.ts";
import { image, type ImageSpec } from "../../src/kinds/app/image.ts";
import type { Documents, RegistryLogin } from "../../src/model/documents.ts";
import { documentsOf, repo } from "../load/repos.ts";
import { facts } from "../support/converge.ts";
import { compileDocuments, containersOf, referenceOf } from "./compiled.ts";

const login = (id: string, user = "bot"): RegistryLogin => ({
  user,
  password: {
    name: "registries.GHCR_TOKEN",
    id,
    where: { file: "secrets/registries.yaml", line: 1, col: 1 },
    source: { form: "armor", text: "ciphertext" },
  },
});

const withLogins = async (logins: Readonly<Record<string, RegistryLogin>>): Promise<Documents> => ({
  ...(await documentsOf(
    repo({
      "machines/web-1.yaml": "address: 10.0.0.11\n",
      "apps/shop.yaml": "image: ghcr.io/acme/shop:1\n",
      "apps/db.yaml": "image: postgres:16\n",
    }),
  )),
  logins: new Map(Object.entries(logins)),
});

const imagesOf = (documents: Documents): Readonly<Record<string, ImageSpec>> =>
  Object.fromEntries(
    compileDocuments(documents)
      .resources.filter(({ kind }) => kind === "app/image")
      .map(({ app, spec }) => [app ?? "", spec as ImageSpec]),
  );

test("an image has its registry's login, and of the password the name", async () => {
  const { shop, db } = imagesOf(await withLogins({ "ghcr.io": login("b1#GHCR_TOKEN") }));
  assert.deepEqual(shop?.login, {
    registry: "ghcr.io",
    user: "bot",
    password: { name: "registries.GHCR_TOKEN", id: "b1#GHCR_TOKEN" },
  });
  assert.deepEqual(db, {
    app: "db",
    family: "db",
    text: "postgres:16",
    reference: referenceOf("postgres:16"),
  });
});

test("another login rolls nothing, and pulls nothing that is there", async () => {
  const [before, after] = await Promise.all([
    withLogins({ "ghcr.io": login("b1#GHCR_TOKEN") }),
    withLogins({ "ghcr.io": login("b2#GHCR_TOKEN", "other"), "docker.io": login("b2#HUB") }),
  ]);
  for (const family of ["shop", "db"])
    assert.equal(familyDeclared(after, family), familyDeclared(before, family));
  assert.deepEqual(containersOf(compileDocuments(after)), containersOf(compileDocuments(before)));
  const { shop } = imagesOf(after);
  assert.ok(shop?.login?.user === "other");
  const have = { id: "sha256:00", digests: [shop.reference], tags: [] };
  assert.equal(image.diff(shop, have, facts), undefined);
});
