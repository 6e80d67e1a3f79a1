import assert from "node:assert/strict";
import { test } from "node:test";
import { armor, armoredYaml, documentsOf, repo, told } from "./repos.ts";

const app = (...lines: readonly string[]): string => ["image: a", ...lines, ""].join("\n");

test("values have full names, places, and what tells their ciphertext apart", async () => {
  const files = repo({
    "secrets/shop.yaml": armoredYaml("A", "B"),
    "secrets/team/db.yaml": armoredYaml("PASSWORD"),
    "secrets/tls/shop.key.age": Buffer.from([0, 0xff]),
  });
  const { sealed } = await documentsOf(files);
  assert.deepEqual(
    [...sealed.keys()],
    ["shop.A", "shop.B", "team/db.PASSWORD", "tls/shop.key.age"],
  );
  const b = sealed.get("shop.B");
  assert.deepEqual(b?.where, { file: "secrets/shop.yaml", line: 5, col: 4 });
  assert.match(b?.id ?? "", /^[0-9a-f]{40}#B$/);
  assert.equal(b?.source.form === "armor" && b.source.text.trim(), armor("B"));
  const file = sealed.get("tls/shop.key.age");
  assert.match(file?.id ?? "", /^[0-9a-f]{40}$/);
  assert.deepEqual(file?.source, { form: "file", blob: file?.id });
});

test("an app's references are found by how they are declared", async () => {
  const files = repo({
    "secrets/shop.yaml": armoredYaml("A", "B"),
    "secrets/billing.yaml": armoredYaml("STRIPE"),
    "secrets/tls/shop.key.age": "x",
    "apps/shop.yaml": app(
      "secrets: [A, { STRIPE: billing.STRIPE }, { KEY: { secret: tls/shop.key, as: file } }]",
      'env: { URL: { template: "x://${B}@db" }, COPY: { secret: shop.A } }',
      "files: { /etc/key: { secret: tls/shop.key.age } }",
      "services: { web: {}, work: { secrets: [B] } }",
    ),
  });
  const { apps } = await documentsOf(files);
  const names = (app: string): unknown =>
    Object.fromEntries([...(apps.get(app)?.secrets ?? [])].map(([ref, { name }]) => [ref, name]));
  assert.deepEqual(names("shop-web"), {
    A: "shop.A",
    "billing.STRIPE": "billing.STRIPE",
    "tls/shop.key": "tls/shop.key.age",
    B: "shop.B",
    "shop.A": "shop.A",
    "tls/shop.key.age": "tls/shop.key.age",
  });
  assert.deepEqual(Object.keys(names("shop-work") as object).includes("B"), true);
});

test("what is not there is told", async () => {
  const files = repo({ "secrets/shop.yaml": armoredYaml("DB_PASSWORD") });
  const of = async (line: string) => await told({ ...files, "apps/shop.yaml": app(line) });
  assert.deepEqual(await of("secrets: [DB_PASWORD]"), [
    "unknown-secret apps/shop.yaml:2:11: there is no secret 'DB_PASWORD': secrets/shop.yaml has no such key (did you mean 'DB_PASSWORD'?)",
  ]);
});
