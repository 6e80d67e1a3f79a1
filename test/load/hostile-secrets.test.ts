import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { secretFileLimit } from "../../src/model/sealed.ts";
import { agePair } from "../support/age.ts";
import { sealSops, str } from "../support/sops.ts";
import { armor, armoredYaml, documentsOf, findingsOf, repo, told, type Files } from "./repos.ts";

const canary = "cAnArY-hunter2";
const mebi = 1024 * 1024;
const one = JSON.stringify(armor("x"));
const bomb = Array.from(
  { length: 12 },
  (_, i) =>
    `a${i}: &a${i} [${Array.from({ length: 9 }, () => (i === 0 ? canary : `*a${i - 1}`)).join(",")}]`,
).join("\n");

/** Files of values that would hang, crash, trick, or make a careless reader tell what they hold. */
const hostile: Readonly<Record<string, readonly [text: string | Uint8Array, code: string]>> = {
  "an alias bomb": [bomb, "too-many-values"],
  "an alias bomb in a file of SOPS": [`${bomb}\nsops: { mac: x }\n`, "too-many-values"],
  "an alias to nothing": [`KEY: *${canary}\n`, "yaml-alias"],
  "an anchor on a value": [`KEY: &${canary} ${canary}\n`, "secret-not-encrypted"],
  "too large": ["#".repeat(secretFileLimit + 1), "file-too-large"],
  "a huge value": [`KEY: ${canary.repeat(mebi)}\n`, "secret-not-encrypted"],
  "very many quotes": ['"'.repeat(19 * mebi), "too-many-values"],
  "very many lines": ["\n".repeat(19 * mebi), "too-many-values"],
  "deep flow lists": ["[".repeat(19 * mebi), "too-deep"],
  "very many keys": [
    Array.from({ length: 15_000 }, (_, i) => `k${i}: ${canary}`).join("\n"),
    "secret-not-encrypted",
  ],
  "a prototype": [`__proto__: ${canary}\n`, "bad-key"],
  "the prototype of a key": [`KEY: { __proto__: ${canary} }\n`, "bad-key"],
  "a constructor": [`constructor: ${one}\n`, "bad-key"],
  "a value as a key": [`? "${canary} and more"\n: x\n`, "bad-key"],
  "a value as a key, twice": [`"${canary} x": 1\n"${canary} x": 2\n`, "duplicate-key"],
  "the same key again": [`KEY: ${canary}\nKEY: ${one}\n`, "duplicate-key"],
  "a merge key": [`a: &a { b: ${canary} }\n<<: *a\n`, "yaml-merge-key"],
  "a merge that was not finished": [
    `KEY: |\n<<<<<<< ${canary}\n  ${canary}\n=======\n  x\n>>>>>>> y\n`,
    "merge-conflict",
  ],
  "a tag": [`KEY: !${canary} ${canary}\n`, "yaml-tag"],
  "a directive": [`%YAML ${canary}\n---\nKEY: ${canary}\n`, "yaml-directive"],
  "two documents": [`KEY: ${one}\n---\nKEY: ${canary}\n`, "yaml-documents"],
  "a text in braces": [`{ ${canary} }\n`, "null-unsets-nothing"],
  "a text as a file": [`${canary}\n`, "wrong-type"],
  "an unclosed quote": [`KEY: "${canary}\n`, "yaml-syntax"],
  "two values": [`KEY: "${canary}" ${canary}\n`, "yaml-syntax"],
  "braces of a template": [`KEY: {{ ${canary} }}\n`, "bad-secret"],
  "a private key": [
    `KEY: -----BEGIN ${canary}-----\n${canary}\n-----END ${canary}-----\n`,
    "yaml-syntax",
  ],
  "an environment file": [`KEY=${canary}\nOTHER=${canary}\n`, "wrong-type"],
  "armor that does not end": [
    `KEY: ${JSON.stringify(armor(canary).replace(/-----END.*/, canary))}\n`,
    "bad-secret",
  ],
  "a plain text in armor": [
    `KEY: ${JSON.stringify(armor("x").replace(/\n/, `\n${canary} !\n`))}\n`,
    "secret-not-encrypted",
  ],
  "a value of SOPS by itself": [`KEY: ENC[AES256_GCM,data:${canary}]\n`, "bad-secret"],
  "a part sops that is none": [`KEY: ${canary}\nsops: { mac: [${canary}] }\n`, "bad-secret"],
  "a NUL": [`KEY: ${canary}\0\n`, "control-character"],
  "an escaped NUL": [`KEY: "${canary}\\0"\n`, "control-character"],
  "bytes that are no text": [Buffer.from(`KEY: ${canary}\xff\n`, "latin1"), "not-utf8"],
};

for (const [what, [text, code]] of Object.entries(hostile)) {
  test(`${what}: a finding that tells nothing`, async () => {
    const findings = await findingsOf({
      files: repo({ "secrets/shop.yaml": text, "apps/shop.yaml": "image: a\nsecrets: [KEY]\n" }),
    });
    const codes = findings.map((finding) => finding.code);
    assert.ok(codes.includes(code), codes.join(" "));
    assert.ok(findings.length <= 201);
    for (const { message, where } of findings) {
      assert.doesNotMatch(message, /canary|hunter2/i);
      assert.ok(message.length < 400, message);
      assert.equal(where.file.includes(canary), false);
    }
  });
}

test("whatever stands in a file of values, no finding repeats it", async () => {
  const piece = fc.constantFrom(
    "\n",
    " ",
    ": ",
    "- ",
    "KEY",
    "KEY: ",
    '"',
    "'",
    "|\n  ",
    "#",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "&",
    "*",
    "!",
    "%",
    "? ",
    "---",
    "sops:\n  mac: x\n",
    "ENC[AES256_GCM,",
    one,
    armor("y"),
    canary,
    ` ${canary}`,
    `"${canary} x"`,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
      const text = pieces.join("");
      const files: Files = { "secrets/shop.yaml": text, "environments/eu/secrets/shop.yaml": text };
      // What stands before a colon is a name, and may be shown.
      fc.pre(!new RegExp(`${canary}[^\\n]*:`).test(text) && !text.includes("? "));
      for (const environment of ["eu", undefined]) {
        const more = environment === undefined ? {} : { environment };
        const findings = await findingsOf({ files: repo(files), ...more });
        for (const { message } of findings) assert.equal(message.includes(canary), false, message);
      }
    }),
    { numRuns: 500 },
  );
});

test("what SOPS left in the clear is not told either", async () => {
  const { recipients } = await agePair();
  const text = await sealSops(new Map([["KEY", str(canary)]]), recipients, {
    isEncrypted: () => false,
  });
  const found = await told(
    repo({
      "secrets/shop.yaml": text,
      "apps/shop.yaml": "image: a\nsecrets: [KEY, shop.canary]\n",
    }),
  );
  assert.equal(found.length, 2);
  assert.doesNotMatch(found.join("\n"), /hunter2/);
});

test("five thousand values, each referred to", async () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => `KEY_${i}`);
  const { sealed, apps } = await documentsOf(
    repo({
      "secrets/shop.yaml": armoredYaml(...keys),
      "apps/shop.yaml": `image: a\nsecrets: [${keys.join(", ")}]\n`,
    }),
  );
  assert.equal(sealed.size, 5_000);
  assert.equal(apps.get("shop")?.secrets.size, 5_000);
});

test("a value as large as a file may be, and a template of nothing but references", async () => {
  const huge = armor("x".repeat(14 * mebi)).replaceAll("\n", "\n  ");
  const { sealed } = await documentsOf(repo({ "secrets/shop.yaml": `KEY: |\n  ${huge}\n` }));
  assert.equal(sealed.size, 1);
  const findings = await findingsOf({
    files: repo({
      "secrets/shop.yaml": armoredYaml("KEY"),
      "apps/shop/app.yaml": "image: a\nfiles: { /x: { from: x, template: true } }\n",
      "apps/shop/x": Array.from({ length: 100_000 }, (_, i) => `\${K${i}}`).join(""),
    }),
  });
  assert.equal(findings.at(-1)?.message, "and 99800 more findings");
});

test("thousands of apps of which each lacks the secret that defaults ask for", async () => {
  const apps = Array.from({ length: 5_000 }, (_, i) => [`apps/a${i}.yaml`, "image: a\n"] as const);
  const findings = await findingsOf({
    files: repo({
      ...Object.fromEntries(apps),
      "slipway.yaml": "fleet: acme\ndefaults: { app: { secrets: [TOKEN] } }\n",
      "secrets/shop.yaml": armoredYaml(...Array.from({ length: 4_000 }, (_, i) => `TOKEN_${i}`)),
    }),
  });
  assert.equal(findings[0]?.code, "unknown-secret");
  assert.equal(findings.length, 201);
});
