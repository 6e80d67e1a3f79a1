import assert from "node:assert/strict";
import { test } from "node:test";
import { armoredYaml, documentsOf, repo, told, type Files } from "./repos.ts";

const app = (...lines: readonly string[]): string => ["image: a", ...lines, ""].join("\n");

const secrets: Files = {
  "secrets/shop.yaml": armoredYaml("A", "B", "both"),
  "secrets/billing.yaml": armoredYaml("STRIPE"),
  "secrets/team/shop.yaml": armoredYaml("A"),
  "secrets/tls.yaml": armoredYaml("A"),
  "secrets/tls.dev.yaml": armoredYaml("B"),
  "secrets/tls/shop.key.age": "x",
  "secrets/license.age": "x",
  "secrets/both.age": "x",
  "secrets/tls/both.yaml": armoredYaml("key"),
  "secrets/tls/both.key.age": "x",
};

/** What a reference of the app `shop` means. */
const meanings: Readonly<Record<string, string>> = {
  A: "shop.A",
  "shop.A": "shop.A",
  "billing.STRIPE": "billing.STRIPE",
  "team/shop.A": "team/shop.A",
  "tls.A": "tls.A",
  "tls.dev.B": "tls.dev.B",
  "tls/shop.key": "tls/shop.key.age",
  "tls/shop.key.age": "tls/shop.key.age",
  license: "license.age",
  "license.age": "license.age",
  "both.age": "both.age",
  "tls/both.key.age": "tls/both.key.age",
};

for (const [ref, name] of Object.entries(meanings)) {
  test(`'${ref}' means ${name}`, async () => {
    const { apps } = await documentsOf(
      repo({ ...secrets, "apps/shop.yaml": app(`secrets: [{ X: ${ref} }]`) }),
    );
    const found = apps.get("shop")?.secrets;
    assert.deepEqual([...(found?.keys() ?? [])], [ref]);
    assert.equal(found?.get(ref)?.name, name);
  });
}

/** What is said of a reference that means nothing, or two things. */
const problems: Readonly<Record<string, string>> = {
  C: "unknown-secret: there is no secret 'C': secrets/shop.yaml has no such key",
  "shop.bot":
    "unknown-secret: there is no secret 'shop.bot': secrets/shop.yaml has no such key (did you mean 'shop.both'?)",
  STRIPE:
    "unknown-secret: there is no secret 'STRIPE': secrets/shop.yaml has no such key (did you mean 'billing.STRIPE'?)",
  "biling.STRIPE":
    "unknown-secret: there is no secret 'biling.STRIPE': neither secrets/biling.yaml nor secrets/biling.STRIPE.age is there (did you mean 'billing.STRIPE'?)",
  "tls.dev.A":
    "unknown-secret: there is no secret 'tls.dev.A': secrets/tls.dev.yaml has no such key (did you mean 'tls.dev.B'?)",
  "tls/shop.crt":
    "unknown-secret: there is no secret 'tls/shop.crt': neither secrets/tls/shop.yaml nor secrets/tls/shop.crt.age is there",
  "tls/other.age":
    "unknown-secret: there is no secret 'tls/other.age': secrets/tls/other.age is not there",
  both: "secret-ambiguous: 'both' may be the key in secrets/shop.yaml:9 and the file secrets/both.age; write 'shop.both', or 'both.age' for the file",
  "tls/both.key":
    "secret-ambiguous: 'tls/both.key' may be the key in secrets/tls/both.yaml:1 and the file secrets/tls/both.key.age; write 'tls/both.key.age' for the file, or rename one of them",
};

for (const [ref, problem] of Object.entries(problems)) {
  test(`what is said of '${ref}'`, async () => {
    const found = await told(
      repo({ ...secrets, "apps/shop.yaml": app(`secrets: [{ X: ${ref} }]`) }),
    );
    const [code = "", ...message] = problem.split(": ");
    assert.deepEqual(found, [`${code} apps/shop.yaml:2:16: ${message.join(": ")}`]);
  });
}

test("references stand in many places, of services and on single machines too", async () => {
  const { apps } = await documentsOf(
    repo({
      ...secrets,
      "apps/shop.yaml": app(
        "secrets: [A]",
        'env: { URL: { template: "x://${B}@${tls.A}" }, COPY: { secret: shop.A } }',
        "files: { /etc/key: { secret: tls/shop.key.age } }",
        "services: { web: {}, work: { secrets: [B] } }",
        "perMachine: { web-1: { env: { C: { secret: license } } } }",
      ),
    }),
  );
  const refs = (name: string): unknown => [...(apps.get(name)?.secrets.keys() ?? [])].toSorted();
  assert.deepEqual(refs("shop-web"), ["A", "B", "license", "shop.A", "tls.A", "tls/shop.key.age"]);
  assert.deepEqual(refs("shop-work"), ["B", "license", "shop.A", "tls.A", "tls/shop.key.age"]);
});

test("what defaults refer to is each app's own", async () => {
  const files = repo({
    ...secrets,
    "slipway.yaml": "fleet: acme\ndefaults: { app: { secrets: [A] } }\n",
    "apps/shop.yaml": app(),
    "apps/tls.yaml": app(),
  });
  const { apps } = await documentsOf(files);
  assert.equal(apps.get("shop")?.secrets.get("A")?.name, "shop.A");
  assert.equal(apps.get("tls")?.secrets.get("A")?.name, "tls.A");
  assert.deepEqual(await told({ ...files, "apps/a.yaml": app(), "apps/b.yaml": app() }), [
    "unknown-secret slipway.yaml:2:30: there is no secret 'A': neither secrets/a.yaml nor secrets/A.age is there",
    "unknown-secret slipway.yaml:2:30: there is no secret 'A': neither secrets/b.yaml nor secrets/A.age is there",
  ]);
});

test("one template tells all that it lacks", async () => {
  const lacking = app('env: { URL: { template: "${A}${X}${Y}${X}${both}" } }');
  assert.deepEqual(await told(repo({ ...secrets, "apps/shop.yaml": lacking })), [
    "secret-ambiguous apps/shop.yaml:2:25: 'both' may be the key in secrets/shop.yaml:9 and the file secrets/both.age; write 'shop.both', or 'both.age' for the file",
    "unknown-secret apps/shop.yaml:2:25: there is no secret 'X': secrets/shop.yaml has no such key; there is no secret 'Y': secrets/shop.yaml has no such key",
  ]);
  const many = Array.from({ length: 9 }, (_, i) => `\${X${i}}`).join("");
  const [one = ""] = await told(
    repo({ "apps/shop.yaml": app(`env: { U: { template: "${many}" } }`) }),
  );
  assert.match(one, /'X4'.*; and 4 more$/);
});

test("nothing is missing where what could not be read may be it", async () => {
  const using = { "apps/shop.yaml": app("secrets: [A, { K: tls/key }, { T: team/x.B }]") };
  const others = { "secrets/tls/key.age": "x", "secrets/team/x.yaml": armoredYaml("B") };
  const cases: readonly (readonly [Files, types?: Parameters<typeof told>[1]])[] = [
    [{ ...others, "secrets/shop.yaml": "A: hunter2\n" }],
    [{ ...others, "secrets/shop.yaml": "A: [\n" }],
    [{ ...others, "secrets/shop.yaml": Buffer.from([0xff, 0xfe]) }],
    [{ ...others, "secrets/shop.yaml": "? [x]\n: y\n" }],
    [{ ...others, "secrets/shop.yml": armoredYaml("A") }],
    [{ ...others, "secrets/ѕhop.yaml": armoredYaml("A") }],
    [{ ...others, "secrets/shop.yaml": "x" }, { types: { "secrets/shop.yaml": "symlink" } }],
    [
      { ...others, "secrets/shop.yaml": armoredYaml("A") },
      { types: { "secrets/tls/key.age": "symlink" } },
    ],
    [
      { "secrets/shop.yaml": armoredYaml("A"), "secrets/tls/key.age": "x", "secrets/team": "x" },
      { types: { "secrets/team": "submodule" } },
    ],
    [{ secrets: "x" }, { types: { secrets: "symlink" } }],
  ];
  for (const [files, more] of cases) {
    const found = await told(repo({ ...using, ...files }), more);
    assert.equal(found.length, 1, found.join("\n"));
    assert.doesNotMatch(found[0] ?? "", /unknown-secret/);
  }
});

test("logins of registries", async () => {
  const registries = (text: string): Files =>
    repo({ ...secrets, "slipway.yaml": `fleet: acme\nregistries: ${text}\n` });
  const { logins } = await documentsOf(
    registries(
      "{ localhost:5000: { user: bot, password: tls.A }, ghcr.io: { user: b, password: license } }",
    ),
  );
  assert.deepEqual(
    [...logins].map(([host, { user, password }]) => [host, user, password.name]),
    [
      ["ghcr.io", "b", "license.age"],
      ["localhost:5000", "bot", "tls.A"],
    ],
  );
  const of = async (text: string): Promise<readonly string[]> => await told(registries(text));
  assert.deepEqual(await of("{ ghcr.io: { user: b, password: A } }"), [
    "unknown-secret slipway.yaml:2:45: there is no secret 'A': what belongs to no app is written with its file: name.KEY (did you mean 'shop.A'?)",
  ]);
  assert.deepEqual(await of("{ ghcr.io: { user: b } }"), [
    "missing-key slipway.yaml:2:15: registries.ghcr.io needs 'password'",
  ]);
  assert.deepEqual(await of("{ https://ghcr.io: { user: b, password: tls.A } }"), [
    "bad-format slipway.yaml:2:15: registries: 'https://ghcr.io' is not a registry host",
  ]);
});
