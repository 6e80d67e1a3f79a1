import assert from "node:assert/strict";
import { test } from "node:test";
import { armoredYaml, documentsOf, repo, told } from "./repos.ts";

const of = async (text: string): Promise<readonly string[]> =>
  await told(
    repo({
      "secrets/shop.yaml": armoredYaml("A", "B"),
      "secrets/tls/key.age": "x",
      "secrets/license.age": "x",
      "apps/shop/app.yaml": `image: a\n${text}\n`,
      "apps/shop/a.txt": "x",
    }),
  );

/** What is said of an app of which nothing else is wrong; nothing of what is right. */
const cases: readonly (readonly [text: string, ...findings: readonly string[]])[] = [
  ["secrets: [A, { C: B }, { D: { secret: A, as: file, mode: '0440', owner: 1000 } }]"],
  ["secrets: [shop.A, license, { KEY: tls/key }]"],
  [
    "secrets: [tls/key]",
    "secret-unclear 2:11: 'tls/key' needs a name in the container: { NAME: tls/key }, or { NAME: { secret: tls/key, as: file } }",
  ],
  [
    "secrets: [license.age]",
    "secret-unclear 2:11: 'license.age' needs a name in the container: { NAME: license.age }, or { NAME: { secret: license.age, as: file } }",
  ],
  [
    "secrets: [{ C: { secret: A, mode: '0400' } }]",
    "secret-unclear 2:35: mode is of a file, and C is a variable; for a file add as: file",
  ],
  [
    "secrets: [{ C: { secret: A, as: env, owner: 5 } }]",
    "secret-unclear 2:45: owner is of a file, and C is a variable; for a file add as: file",
  ],
  [
    "secrets: [A, A]",
    "env-clash 2:14: A is set already (apps/shop/app.yaml:2); keep one of the two",
  ],
  [
    "env: { A: b }\nsecrets: [A]",
    "env-clash 3:11: A is set already (apps/shop/app.yaml:2); keep one of the two",
  ],
  [
    "secrets: [{ A_FILE: B }, { A: { secret: A, as: file } }]",
    "env-clash 2:41: A_FILE is set already (apps/shop/app.yaml:2); keep one of the two",
  ],
  ["env: { A_FILE: b }\nsecrets: [{ A: { secret: A, as: file } }]"],
  ["env: { A: b }\nsecrets: [{ A: { secret: A, as: file } }]"],
  [
    "secrets: [{ A: { secret: A, as: file } }, { A: { secret: B, as: file } }]",
    "mount-clash 2:58: /run/secrets/A is mounted twice",
  ],
  [
    "files: { /run/secrets/A: { secret: B } }\nsecrets: [{ A: { secret: A, as: file } }]",
    "mount-clash 3:26: /run/secrets/A is mounted twice",
  ],
  [
    "files: { /run/secrets: a.txt }\nsecrets: [{ A: { secret: A, as: file } }]",
    "mount-clash 3:26: /run/secrets/A lies below /run/secrets, which comes from the repo and is read-only",
  ],
  ["files: { /run/secrets/C: { secret: B } }\nsecrets: [{ A: { secret: A, as: file } }]"],
  ["tmpfs: [/run]\nsecrets: [{ A: { secret: A, as: file } }]"],
  ["secrets: [{ SLIPWAY_APP: A }]", "reserved-name 2:26: SLIPWAY_APP is set by Slipway"],
  [
    "files: { /x: { from: a.txt, secret: A } }",
    "secret-unclear 2:37: files./x has from and secret; keep one (null unsets one from below)",
  ],
  ["files: { /x: { mode: '0400' } }", "missing-key 2:10: files./x needs 'from' or 'secret'"],
  [
    'env: { A: { template: "${A}", secret: B } }',
    "secret-unclear 2:39: env.A has template and secret; keep one (null unsets one from below)",
  ],
  [
    'env: { A: { template: "${A" } }',
    "bad-template 2:23: '${' is not closed; a dollar sign is written '$$'",
  ],
  [
    'env: { A: { template: "b" } }',
    "template-without-secret 2:23: warning: there is no ${…} in this template: it is not needed",
  ],
  [
    'env: { A: "${A}" }',
    "not-interpolated 2:11: warning: A is passed on as it is written: Slipway fills in nothing for ${A}; if that is a secret, write A: { template: … }",
  ],
  [
    'env: { A: "{{ a }}" }',
    "not-interpolated 2:11: warning: A is passed on as it is written: Slipway fills in nothing for {{ a }}",
  ],
];

for (const [text, ...findings] of cases) {
  test(`${text.replaceAll("\n", "; ")}: ${findings.length === 0 ? "right" : findings[0]}`, async () => {
    const told = (await of(text)).map((one) => one.replace("apps/shop/app.yaml:", ""));
    assert.deepEqual(told, findings);
  });
}

test("an environment takes a secret instead of a text, and a file instead of a secret", async () => {
  const files = repo({
    "secrets/shop.yaml": armoredYaml("A"),
    "apps/shop/app.yaml": [
      "image: a",
      'env: { A: plain, B: { template: "${A}" } }',
      "files: { /x: { secret: A }, /y: a.txt }",
    ].join("\n"),
    "apps/shop/a.txt": "x",
    "environments/eu/apps/shop/app.yaml": [
      "env: { A: { secret: A }, B: { template: null, secret: A } }",
      "files: { /x: { secret: null, from: a.txt }, /y: { secret: A } }",
    ].join("\n"),
  });
  const { env, files: shipped } = (await documentsOf(files, "eu")).apps.get("shop")?.fields ?? {};
  assert.deepEqual(env, { A: { secret: "A" }, B: { secret: "A" } });
  assert.deepEqual(shipped, { "/x": { from: "a.txt" }, "/y": { secret: "A" } });
});

test("lists of secrets replace, also those of services and machines", async () => {
  const { apps } = await documentsOf(
    repo({
      "secrets/shop.yaml": armoredYaml("A", "B"),
      "apps/shop.yaml": [
        "image: a",
        "secrets: [A]",
        "services: { web: {}, work: { secrets: [B] }, bare: { secrets: null } }",
        "perMachine: { web-1: { secrets: [] } }",
      ].join("\n"),
    }),
  );
  const listed = ["shop-web", "shop-work", "shop-bare"].map(
    (name) => apps.get(name)?.fields.secrets,
  );
  assert.deepEqual(listed, [["A"], ["B"], undefined]);
  assert.deepEqual(apps.get("shop-work")?.perMachine.get("web-1")?.secrets, []);
});
