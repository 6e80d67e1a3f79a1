import assert from "node:assert/strict";
import { before, test } from "node:test";
import { placeOf, valuesIn } from "../../src/desired/secrets.ts";
import { load } from "../../src/load/load.ts";
import { formatDiagnostic } from "../../src/model/diagnostic.ts";
import type { AppDocument } from "../../src/model/documents.ts";
import { repo } from "../load/repos.ts";
import { snapshotOf } from "../support/repo.ts";
import { sealing } from "../support/sealed.ts";

const lines = [
  "image: shop:1",
  "secrets:",
  "  - DB_PASSWORD",
  "  - STRIPE: billing.KEY",
  "  - TOKEN: { secret: TOKEN, as: file }",
  "env:",
  '  URL: { template: "x${DB_PASSWORD}y${billing.KEY}" }',
  "  LEVEL: info",
  "files:",
  "  /etc/tls.key: { secret: tls.key.age }",
];

let app: AppDocument;

before(async () => {
  const key = await sealing();
  const { documents, findings } = await load(
    snapshotOf(
      repo({
        "apps/shop.yaml": lines.join("\n"),
        "secrets/shop.yaml": await key.file({ DB_PASSWORD: "a", TOKEN: "b" }),
        "secrets/billing.yaml": await key.file({ KEY: "c" }),
        "secrets/tls.key.age": await key.value("d"),
      }),
    ),
  );
  const found = documents?.apps.get("shop");
  assert.ok(found, findings.map(formatDiagnostic).join("\n"));
  app = found;
});

const cases: readonly (readonly [field: readonly string[], line: number, names: string])[] = [
  [["env", "DB_PASSWORD"], 3, "shop.DB_PASSWORD"],
  [["env", "STRIPE"], 4, "billing.KEY"],
  [["files", "/run/secrets/TOKEN"], 5, "shop.TOKEN"],
  [["env", "TOKEN_FILE"], 5, ""],
  [["env", "URL"], 7, "shop.DB_PASSWORD billing.KEY"],
  [["env", "LEVEL"], 8, ""],
  [["files", "/etc/tls.key"], 10, "tls.key.age"],
  [["image"], 1, ""],
];

for (const [field, line, names] of cases) {
  test(`${field.join(".")} stands in line ${line} and holds ${names || "no secret"}`, () => {
    assert.equal(placeOf(app, field).line, line);
    const held = valuesIn(app, "web-1", field).map(({ name }) => name);
    assert.deepEqual(held.toSorted(), names.split(" ").filter(Boolean).toSorted());
  });
}
