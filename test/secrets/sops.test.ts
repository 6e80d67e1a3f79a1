import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { readOpenSshKey } from "../../src/remote/openssh-key.ts";
import type { Identities } from "../../src/secrets/identities.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { isSops, openSops, type OpenedSops } from "../../src/secrets/sops.ts";
import { agePair, identitiesIn } from "../support/age.ts";
import { sealSops, sopsFile, str, type Plain } from "../support/sops.ts";

const keys = identitiesIn(await parseIdentities(sopsFile("keys.txt"))).and(
  identitiesIn(await parseIdentities(sopsFile("nix-ssh-key"), { readSshKey: readOpenSshKey })),
);

/** Encrypted values as they are; others in brackets. Or why it stays closed. */
function shown(opened: OpenedSops): Readonly<Record<string, string>> | string {
  if ("failure" in opened) return opened.failure.reason;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return Object.fromEntries(
    [...opened.values].map(([path, { bytes, isEncrypted }]) => [
      path,
      isEncrypted ? text(bytes) : `(${text(bytes)})`,
    ]),
  );
}

const opened = async (text: string, identities: Identities = keys) =>
  shown(await openSops(text, identities));

describe("a file that SOPS made", () => {
  const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "flux-age.yaml": {
      apiVersion: "(v1)",
      kind: "(Secret)",
      "metadata.name": "(age)",
      "stringData.key": "value",
    },
    "flux-global.yaml": {
      apiVersion: "(v1)",
      kind: "(Secret)",
      "metadata.name": "(global-age-secret)",
      "metadata.namespace": "(default)",
      type: "(Opaque)",
      "stringData.key": "global-value",
    },
    "flux-pod.yaml": {
      apiVersion: "(v1)",
      kind: "(Pod)",
      "metadata.name": "(pod)",
      "spec.containers.0.name": "(main)",
      "spec.containers.0.image": "(nginx:stable-alpine)",
      "spec.containers.0.env.0.name": "ImagineThisIsACRD",
      "spec.containers.0.env.0.value": "and this is a secret",
      "spec.containers.0.resources.limits.memory": "(50Mi)",
      "spec.containers.0.resources.limits.cpu": "(50m)",
    },
    "flux-binary.json": { data: "value" },
    "nix-ssh.yaml": { test_key: "test_value" },
    "rops-example.yaml": {
      hello: "Welcome to SOPS! Edit this file as you please!",
      example_key: "example_value",
      "example_array.0": "example_value1",
      "example_array.1": "example_value2",
      example_number: "1234.56789",
      "example_booleans.0": "true",
      "example_booleans.1": "false",
    },
    "rops-mac-only-encrypted.yaml": { a_encrypted: "xxx", c_encrypted: "xxx" },
    "rops-empty-value.yaml": { string_value: "()", "array_value.0": "()" },
    "rops-encrypted-suffix.yaml": {
      "a.1_encrypted.a": "xxx",
      "a.1_encrypted.b": "xxx",
      "a.2_plain": "(aaa)",
      "a.3_nested_encrypted.a.i": "xxx",
      "a.3_nested_encrypted.b.ii": "xxx",
      b_encrypted: "xxx",
    },
    "rops-encrypted-regex.yaml": {
      "a.encrypted_1.a": "xxx",
      "a.encrypted_1.b": "xxx",
      "a.not_encrypted": "(aaa)",
      b: "(aaa)",
    },
    "rops-unencrypted-suffix.yaml": {
      "a.b_unencrypted.a": "(aaa)",
      "a.b_unencrypted.b": "(aaa)",
      "a.b_unencrypted.c.0": "(123)",
      "a.b_unencrypted.c.1": "(456)",
      "a.c_encrypted": "xxx",
      unencrypted_not: "xxx",
    },
    "rops-unencrypted-regex.yaml": {
      "a.unencrypted_1.a": "(aaa)",
      "a.unencrypted_1.b": "(aaa)",
      "a.unencrypted_1.c.0": "(123)",
      "a.unencrypted_1.c.1": "(456)",
      "a.encrypted": "xxx",
      b: "xxx",
    },
  };
  for (const [name, values] of Object.entries(files)) {
    it(`is read: ${name}`, async () => {
      assert(isSops(sopsFile(name)));
      assert.deepEqual(await opened(sopsFile(name)), values);
    });

    it(`is for its recipients only: ${name}`, async () => {
      const { identities } = await agePair();
      assert.equal(await opened(sopsFile(name), identities), "not-a-recipient");
    });

    it(`is refused when a letter of what is sealed differs: ${name}`, async () => {
      const file = sopsFile(name);
      const sealed = /(data|iv|tag):([A-Za-z0-9+/]+=*)/g;
      for (const { 0: { length } = "", 2: base64 = "", index } of file.matchAll(sealed)) {
        const at = index + length - base64.length;
        const bent = Buffer.from(base64, "base64");
        bent[0] = (bent[0] ?? 0) ^ 1;
        const other = file.slice(0, at) + bent.toString("base64") + file.slice(index + length);
        assert.equal(await opened(other), "damaged");
      }
    });
  }

  const changes: readonly (readonly [what: string, name: string, from: RegExp, to: string])[] = [
    ["a plain value", "flux-age.yaml", /kind: Secret/, "kind: Pod"],
    ["a plain value's type", "rops-unencrypted-suffix.yaml", /- 123/, "- 0123"],
    ["one value less", "flux-age.yaml", /kind: Secret\n/, ""],
    ["one value more", "flux-age.yaml", /kind: Secret\n/, "$&more: x\n"],
    ["an encrypted value less", "rops-encrypted-suffix.yaml", /b_encrypted: .*\n/, ""],
    ["an empty value for an encrypted one", "flux-age.yaml", /key: ENC.*/, 'key: ""'],
    ["nothing for an encrypted one", "flux-age.yaml", /key: ENC.*/, "key: null"],
    ["a plain value for an encrypted one", "flux-age.yaml", /key: ENC.*/, "key: other"],
    ["another name", "nix-ssh.yaml", /test_key/, "other_key"],
    ["two values exchanged", "rops-example.yaml", /^- (ENC.*)\n- (ENC.*)/m, "- $2\n- $1"],
    ["another order", "flux-age.yaml", /(apiVersion: v1\n)(kind: Secret\n)/, "$2$1"],
    ["another time", "flux-age.yaml", /13:33:42/, "13:33:43"],
    ["no MAC", "flux-age.yaml", / {2}mac: .*\n/, ""],
    ["an empty MAC", "flux-age.yaml", /mac: .*/, 'mac: ""'],
    [
      "another reach of the MAC",
      "flux-age.yaml",
      /(.*)version/,
      "$1mac_only_encrypted: true\n$1version",
    ],
    [
      "the MAC's reach taken back",
      "rops-mac-only-encrypted.yaml",
      /mac_only_encrypted: true/,
      "version: 3",
    ],
    ["a short tag", "nix-ssh.yaml", /tag:1DANWLc1w0KQvi7g7Mrlmg==/, "tag:1DANWLc1w0KQvi7g"],
    ["no file key", "flux-age.yaml", /-----BEGIN AGE/, "-----BEGIN OLD"],
    ["a key that it has twice", "flux-age.yaml", /kind: Secret\n/, "$&kind: Secret\n"],
    ["an alias", "flux-age.yaml", /v1\nkind: Secret/, "&a v1\nkind: *a"],
    ["a second document", "flux-age.yaml", /$/, "---\na: b\n"],
  ];
  for (const [what, name, from, to] of changes) {
    it(`is refused with ${what}`, async () => {
      const file = sopsFile(name);
      const changed = file.replace(from, to);
      assert.notEqual(changed, file);
      assert.equal(await opened(changed), "damaged");
    });
  }

  it("may have its plain values changed where the MAC leaves them out; they are not told", async () => {
    const file = sopsFile("rops-mac-only-encrypted.yaml").replace(
      "a: aaa",
      "a: changed\n  more: x",
    );
    assert.deepEqual(await opened(file), { a_encrypted: "xxx", c_encrypted: "xxx" });
  });

  it("may say in its rules what it likes: they decide nothing", async () => {
    const slow = "^(a+)+$".padEnd(20);
    const file = sopsFile("flux-age.yaml").replace("^(data|stringData)$", slow);
    assert.equal(typeof (await opened(file)), "object");
  });

  it("is not read where its key is split among groups, or where age has no part in it", async () => {
    const file = sopsFile("flux-age.yaml");
    assert.equal(await opened(file.replace("pgp: []", "key_groups: []")), "unsupported");
    const pgp = file.replace(/ {2}age:\n[\s\S]*?END AGE ENCRYPTED FILE-----\n/, "  age: []\n");
    assert.equal(await opened(pgp), "not-a-recipient");
  });
});

describe("files in the manner of SOPS", () => {
  it("may have any value at any place, in any order", async () => {
    const { identities, recipients } = await agePair();
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }).map(str),
      fc.integer().map((n): Plain => ({ type: "int", text: String(n) })),
      fc.boolean().map((b): Plain => ({ type: "bool", text: b ? "True" : "False" })),
      fc.constant(null),
    );
    const name = fc
      .oneof(fc.nat(20).map(String), fc.string({ minLength: 1 }))
      .filter((text) => text !== "sops" && text !== "__proto__" && !text.includes("."));
    const mapOf = (value: fc.Arbitrary<Plain>) =>
      fc
        .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 })
        .map((all) => new Map(all));
    const tree: fc.Arbitrary<Plain> = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), mapOf(leaf));
    await fc.assert(
      fc.asyncProperty(
        mapOf(tree),
        fc.boolean(),
        fc.nat(2),
        async (document, macOnlyEncrypted, every) => {
          const isEncrypted = (path: readonly string[]): boolean => path.join().length % 3 >= every;
          const file = await sealSops(document, recipients, { macOnlyEncrypted, isEncrypted });
          const result = await openSops(file, identities);
          assert("values" in result, JSON.stringify(result));
          const found = [...result.values.values()].map(({ bytes }) =>
            Buffer.from(bytes).toString(),
          );
          const wanted = leavesIn(document, [])
            .filter(([path, { text }]) => !macOnlyEncrypted || (isEncrypted(path) && text !== ""))
            .map(([, { text, type }]) =>
              type === "bool" ? text.toLowerCase() : Buffer.from(text).toString(),
            );
          assert.deepEqual(found, wanted);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("may hold any character", async () => {
    const { identities, recipients } = await agePair();
    const file = await sealSops(new Map([["data", str("\u00ff\u0000\u{1f600}")]]), recipients);
    assert.deepEqual(await opened(file, identities), { data: "\u00ff\u0000\u{1f600}" });
  });

  it("may be for several", async () => {
    const [one, other] = [await agePair(), await agePair()];
    const file = await sealSops(new Map([["A", str("x")]]), [
      ...one.recipients,
      ...other.recipients,
    ]);
    for (const { identities } of [one, other])
      assert.deepEqual(await opened(file, identities), { A: "x" });
  });

  it("have each value under one path", async () => {
    const { identities, recipients } = await agePair();
    const document = new Map<string, Plain>([
      ["a.b", str("x")],
      ["a", new Map([["b", str("y")]])],
    ]);
    assert.equal(await opened(await sealSops(document, recipients), identities), "damaged");
  });

  it("are never believed, and never hang, when somebody made them up", async () => {
    const tail = "\nsops:\n  mac: x\n  age: []\n";
    const made: readonly string[] = [
      "sops:\n",
      `${"[".repeat(100_000)}${tail}`,
      `a: ${"{a: ".repeat(1_000)}${tail}`,
      `{"sops":{},"a":${"[".repeat(100_000)}`,
      `{"sops":{},"a":${"[".repeat(1_000)}${"]".repeat(1_000)}}`,
      `a: &a [${"x,".repeat(10)}]\nb: &b [${"*a,".repeat(10)}]\nc: [${"*b,".repeat(10)}]${tail}`,
      `${Array.from({ length: 300_000 }, (_, i) => `k${i}: v`).join("\n")}${tail}`,
      `${Array.from({ length: 3_000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")}${tail}`,
      `a: "${"\\x41".repeat(100_000)}${tail}`,
      `sops:\n  mac: ENC[AES256_GCM,data:${"A".repeat(1_000_000)}\n  age: []\n`,
      "\0".repeat(1_000_000),
      "x".repeat(40_000_000),
    ];
    for (const text of made) {
      const before = process.cpuUsage();
      assert.match(String(await opened(text)), /^(damaged|too-large|not-a-recipient)$/);
      const { user } = process.cpuUsage(before);
      assert(user / 1_000 < 10_000, `${text.slice(0, 20)} took ${user / 1_000} ms`);
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.nat(3_000), async (put, at) => {
        const file = sopsFile("flux-binary.json");
        const bent = file.slice(0, at) + put + file.slice(at + put.length);
        const result = await opened(bent);
        assert(bent === file || typeof result === "string" || result["data"] === "value");
      }),
    );
  });
});

describe("telling files of SOPS from ours", () => {
  const cases: readonly (readonly [text: string, is: boolean])[] = [
    ["a: b\nsops:\n    mac: x\n", true],
    ["sops:\r\n  mac: x\n", true],
    ['{\n\t"data": "x",\n\t"sops": {\n', true],
    ['{"sops":{}}', true],
    ["a: b\n", false],
    ["sops: |\n  -----BEGIN AGE ENCRYPTED FILE-----\n", false],
    ["a:\n  sops:\n    b: c\n", false],
    ['{"a": "sops"}', false],
    ["", false],
  ];
  for (const [text, is] of cases)
    it(`${JSON.stringify(text)} is ${is ? "one" : "none"}`, () => assert.equal(isSops(text), is));
});

function leavesIn(
  value: Plain,
  path: readonly string[],
): readonly (readonly [readonly string[], { readonly type: string; readonly text: string }])[] {
  if (value === null) return [];
  if (value instanceof Map)
    return [...value].flatMap(([key, inner]: [string, Plain]) => leavesIn(inner, [...path, key]));
  if (Array.isArray(value)) return value.flatMap((item: Plain) => leavesIn(item, path));
  return [[path, value as { readonly type: string; readonly text: string }]];
}
