import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { findingsOf, repo, told, type Case } from "./repos.ts";

const mebi = 1024 * 1024;
const bomb = Array.from(
  { length: 12 },
  (_, i) =>
    `a${i}: &a${i} [${Array.from({ length: 9 }, () => (i === 0 ? "x" : `*a${i - 1}`)).join(",")}]`,
).join("\n");

/** Texts that would hang, crash or trick a careless reader: each has a finding, and quickly. */
const hostile: Readonly<Record<string, readonly [text: string | Uint8Array, code: string]>> = {
  "an alias bomb": [bomb, "too-many-values"],
  "an alias to itself": ["image: &a [*a]\n", "yaml-alias"],
  "a deep bomb of aliases": [
    Array.from(
      { length: 100 },
      (_, i) => `a${i}: &a${i} { k: ${i === 0 ? "x" : `*a${i - 1}`} }`,
    ).join("\n"),
    "too-deep",
  ],
  "ten megabytes": ["#".repeat(10 * mebi), "file-too-large"],
  "deep flow lists": ["[".repeat(mebi - 1), "too-deep"],
  "deep flow maps": ["{a: ".repeat(200_000), "too-deep"],
  "deep blocks": [
    Array.from({ length: 1_000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    "too-deep",
  ],
  "deep sequences": ["- ".repeat(90_000), "too-deep"],
  "very many values": [`image: [${"1,".repeat(90_000)}]`, "too-many-values"],
  "very many tokens": ["]".repeat(mebi - 1), "too-many-values"],
  "very many quotes": ['"'.repeat(mebi - 1), "too-many-values"],
  "very many anchors": ["&a ".repeat(300_000), "too-many-values"],
  "very many lines": ["\n".repeat(mebi - 1), "too-many-values"],
  "the same key again and again": ["k: 1\n".repeat(20_000), "duplicate-key"],
  "very many keys": [
    Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join("\n"),
    "unknown-key",
  ],
  "a huge text": [`image: ${"x".repeat(mebi - 10)}`, "out-of-range"],
  "a huge key": [`? ${"k".repeat(2_000)}\n: 1\n`, "bad-key"],
  "a huge name": [`after: [${"a".repeat(500_000)}]\n`, "bad-name"],
  "a huge number": [`image: a\ninstances: ${"9".repeat(400)}\n`, "wrong-type"],
  "a number that is none": ["image: a\nresources: { cpus: .nan }\n", "wrong-type"],
  infinity: ["image: a\nresources: { cpus: .inf }\n", "wrong-type"],
  "a prototype": ["__proto__: { image: a }\n", "bad-key"],
  "a constructor": ["image: a\nenv: { constructor: x }\n", "bad-key"],
  "a merge key": ["a: &a { image: b }\n<<: *a\n", "yaml-merge-key"],
  "a tag": ["image: !!binary aGk=\n", "yaml-tag"],
  "a tag on a map": ["!!set { image }\n", "yaml-tag"],
  "a tag on a key": ["!!str image: a\n", "yaml-tag"],
  "a directive": ["%YAML 1.1\n---\nimage: no\n", "yaml-directive"],
  "a tag directive": ["%TAG ! tag:evil,2000:\n---\nimage: a\n", "yaml-directive"],
  "two documents": ["image: a\n---\nimage: b\n", "yaml-documents"],
  "a document after its end": ["image: a\n...\n---\nimage: b\n", "yaml-documents"],
  "a NUL": ["image: a\0b\n", "control-character"],
  "an escaped NUL": ['image: a\nenv: { A: "b\\0c" }\n', "control-character"],
  "half a surrogate pair": ['image: a\nenv: { A: "\\ud800" }\n', "control-character"],
  "an escape sequence": ["image: a\u001b[31m\n", "control-character"],
  "text that runs backwards": ["image: a # \u202ecba\n", "control-character"],
  "bytes that are not UTF-8": [Buffer.from([0x69, 0xff, 0xfe]), "not-utf8"],
  "overlong UTF-8": [Buffer.from([0x61, 0x3a, 0x20, 0xc0, 0xaf]), "not-utf8"],
  "UTF-16": [Buffer.from("\ufeffimage: a\n", "utf16le"), "not-utf8"],
  tabs: ["services:\n\tweb: {}\n", "yaml-syntax"],
  "a list as a file": ["- image: a\n", "wrong-type"],
  "a word as a file": ["image\n", "wrong-type"],
  "a map as a key": ["{ a: b }: c\n", "bad-key"],
  "an empty key": [": a\n", "bad-key"],
  "an alias as a key": ["image: &a b\n*a : c\n", "bad-key"],
  "a key that looks like another": ["іmage: a\n", "unknown-key"],
};

/** Far more than any of it takes, far less than what grows with the square of it, or worse. */
const soonMs = 60_000;

for (const [what, [text, code]] of Object.entries(hostile)) {
  test(`${what}: a finding, soon`, async () => {
    const startedMs = performance.now();
    const findings = await findingsOf({ files: repo({ "apps/shop.yaml": text }) });
    const tookMs = performance.now() - startedMs;
    assert.ok(
      findings.some((finding) => finding.code === code),
      JSON.stringify(findings.slice(0, 3)),
    );
    assert.ok(findings.length <= 201, `${findings.length} findings`);
    for (const { message } of findings) {
      assert.ok(message.length < 1_000, "messages stay short");
      assert.match(
        message,
        /^[^\p{Cc}\p{Bidi_Control}]*$/u,
        "messages hold nothing that moves a cursor",
      );
    }
    assert.ok(tookMs < soonMs, `took ${tookMs.toFixed(0)} ms`);
  });
}

test("a look-alike is named", async () => {
  assert.deepEqual((await told(repo({ "apps/shop.yaml": "іmage: a\n" }))).slice(0, 1), [
    "unknown-key apps/shop.yaml:1:1: unknown key 'іmage' (did you mean 'image'?); it holds U+0456 'і'",
  ]);
  assert.deepEqual(await told(repo({ "apps/sh\u200bop.yaml": "image: a\n" })), [
    "bad-path apps/sh\\u{200b}op.yaml:1:1: a path that holds U+200B",
  ]);
});

test("a byte order mark and CRLF are accepted", async () => {
  assert.deepEqual(
    await told(repo({ "apps/shop.yaml": "\ufeffimage: a\r\nenv:\r\n  A: b\r\n" })),
    [],
  );
});

test("paths that are no paths are refused, and nothing is read by them", async () => {
  const paths: Readonly<Record<string, string>> = {
    "../slipway.yaml": "bad-path",
    "apps/../../etc/shop.yaml": "bad-path",
    "/apps/shop.yaml": "bad-path",
    "apps//shop.yaml": "bad-path",
    "apps/./shop.yaml": "bad-path",
    "apps/a\\..\\b.yaml": "bad-path",
    "apps/a\u0000.yaml": "bad-path",
    "apps/a\n.yaml": "bad-path",
    "apps/\u202eshop.yaml": "bad-path",
    "machines/-x.yaml": "bad-name",
    "machines/.yaml": "",
    "apps/__proto__.yaml": "bad-name",
    "apps/constructor/app.yaml": "",
    "apps/ѕhop/app.yaml": "bad-name",
    "apps/SHOP.yaml": "bad-name",
    [`apps/${"a".repeat(300)}.yaml`]: "bad-name",
  };
  for (const [path, code] of Object.entries(paths)) {
    const findings = await findingsOf({ files: repo({ [path]: "image: a\n" }) });
    assert.deepEqual(
      findings.map((finding) => finding.code),
      code === "" ? [] : [code],
      path,
    );
    for (const { where } of findings) assert.match(where.file, /^[^\p{Cc}\p{Bidi_Control}]*$/u);
  }
});

test("symbolic links and submodules are refused wherever they would be read", async () => {
  const refused = (path: string, type: "symlink" | "submodule", more = {}): Case => ({
    files: repo({ [path]: "../../etc/passwd", ...more }),
    types: { [path]: type },
  });
  const cases = [
    refused("apps/shop.yaml", "symlink"),
    refused("apps", "symlink"),
    refused("machines/web-2.yaml", "symlink"),
    refused("slipway.yaml", "symlink"),
    refused("apps/shop/passwd", "symlink", {
      "apps/shop/app.yaml": "image: a\nfiles: { /x: passwd }\n",
    }),
    refused("apps/shop/rules/passwd", "symlink", { "apps/shop/app.yaml": "image: a\n" }),
    refused("environments/eu/apps/shop.yaml", "symlink"),
    refused("environments", "submodule"),
    refused("apps/vendor", "submodule"),
  ];
  for (const one of cases) {
    const [path = "", type] = Object.entries(one.types ?? {})[0] ?? [];
    const findings = await findingsOf(one);
    assert.ok(
      findings.some((finding) => finding.code === type && finding.where.file === path),
      `${path}: ${JSON.stringify(findings)}`,
    );
  }
  const elsewhere = await findingsOf({
    files: repo({ "docs/link": "x", link: "y" }),
    types: { "docs/link": "symlink", link: "symlink" },
  });
  assert.deepEqual(elsewhere, [], "what is not read may be anything");
});

test("a hundred thousand files are looked at in no time, and a cut tree is refused", async () => {
  const files = repo(
    Object.fromEntries(
      Array.from({ length: 100_000 }, (_, i) => [`apps/shop/site/${i % 100}/${i}.html`, "x"]),
    ),
  );
  const snapshot = snapshotOf({ ...files, "apps/shop/app.yaml": "image: a\n" });
  const startedMs = performance.now();
  const { findings } = await load(snapshot);
  assert.deepEqual(findings, []);
  assert.ok(performance.now() - startedMs < soonMs);
  const cut = await findingsOf({ files: repo(), truncated: "more than 50,000 files" });
  assert.deepEqual(
    cut.map((finding) => finding.code),
    ["tree-too-large"],
  );
});

test("thousands of apps that are wrong together are refused soon", async () => {
  const count = 2_000;
  const all = (text: (i: number) => string): Case["files"] =>
    repo(Object.fromEntries(Array.from({ length: count }, (_, i) => [`apps/a${i}.yaml`, text(i)])));
  const machines = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `machines/m${i}.yaml`,
      `address: m${i}\nlabels: { role: [[]] }\n`,
    ]),
  );
  const repos: Readonly<Record<string, readonly [Case["files"], string]>> = {
    "one port": [all(() => 'image: a\nmachines: web-1\npublish: ["80:80"]\n'), "port-clash"],
    "names that are not there": [
      all((i) => `image: a\nmachines: web-1\nafter: [b${i}]\n`),
      "unknown-after",
    ],
    "keys that are not ours": [all((i) => `image: a\nmachines: web-1\nk${i}: 1\n`), "unknown-key"],
    "labels that cannot be read": [
      { ...all((i) => `image: a\nmachines: { role: r${i} }\n`), ...machines },
      "wrong-type",
    ],
    "files that cannot be read": [all(() => "]"), "yaml-syntax"],
  };
  for (const [what, [files, code]] of Object.entries(repos)) {
    const startedMs = performance.now();
    const findings = await findingsOf({ files });
    const tookMs = performance.now() - startedMs;
    assert.equal(findings.length, 201, what);
    assert.equal(findings[0]?.code, code, what);
    assert.ok(tookMs < soonMs, `${what}: took ${tookMs.toFixed(0)} ms`);
  }
});

test("maps and aliases that stand under one key again and again are refused soon", async () => {
  const text = Array.from({ length: 8_000 }, (_, i) => `env: { A${i}: x }`).join("\n");
  const startedMs = performance.now();
  const findings = await findingsOf({ files: repo({ "apps/shop.yaml": `image: a\n${text}\n` }) });
  assert.ok(findings.every(({ code }) => code === "duplicate-key" || code === "too-many-findings"));
  assert.ok(performance.now() - startedMs < soonMs);
});

test("thousands of findings are counted, and errors come before warnings", async () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `key${i}: 1`).join("\n");
  const findings = await findingsOf({ files: repo({ "apps/shop.yaml": lines }) });
  assert.equal(findings.length, 201);
  assert.equal(findings.at(-1)?.message, "and 4800 more findings");
  const warnings = `image: a\nenv: {${Array.from({ length: 300 }, (_, i) => `A${i}: `).join(",")}}`;
  const mixed = await told(repo({ "apps/a.yaml": warnings, "apps/z.yaml": "imagee: x\n" }));
  assert.ok(mixed.some((one) => one.startsWith("unknown-key apps/z.yaml:1:1")));
});

test("findings come in the same order every time", async () => {
  const files = repo({
    "apps/b.yaml": "x: 1\ny: 2\n",
    "apps/a.yaml": "z: 1\n",
    "machines/m.yaml": "q: 1\n",
  });
  const reversed = Object.fromEntries(Object.entries(files).toReversed());
  const first = await told(files);
  assert.deepEqual(first, await told(reversed));
  assert.deepEqual(
    first.map((one) => one.split(" ")[1]),
    ["apps/a.yaml:1:1:", "apps/b.yaml:1:1:", "apps/b.yaml:2:1:", "machines/m.yaml:1:1:"],
  );
});

const anyPath = fc.constantFrom(
  "slipway.yaml",
  "apps/a.yaml",
  "apps/b/app.yaml",
  "machines/web-1.yaml",
  "environments/eu/apps/a.yaml",
);
const noErrors = { numRuns: 150 };

test("random bytes never throw", async () => {
  await fc.assert(
    fc.asyncProperty(anyPath, fc.uint8Array({ maxLength: 200 }), async (path, bytes) => {
      await findingsOf({ files: repo({ [path]: bytes }), environment: "eu" });
    }),
    noErrors,
  );
});

test("random YAML-like text never throws", async () => {
  const piece = fc.constantFrom(
    "image",
    "env",
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "'",
    '"',
    "|",
    ">",
    "#",
    "!",
    "%",
    "?",
    ",",
    "null",
    "0777",
    "1e400",
    "---\n",
    "...\n",
    "<<",
    "\t",
    "\r\n",
    "services",
    "é",
  );
  await fc.assert(
    fc.asyncProperty(anyPath, fc.array(piece, { maxLength: 40 }), async (path, pieces) => {
      await findingsOf({
        files: repo({ [path]: pieces.join(""), "environments/eu/slipway.yaml": "{}" }),
        environment: "eu",
      });
    }),
    noErrors,
  );
});

test("random values under our own keys never throw", async () => {
  const keys = fc.constantFrom(
    "image",
    "env",
    "files",
    "volumes",
    "services",
    "perMachine",
    "machines",
    "port",
    "publish",
    "health",
    "release",
    "after",
    "command",
    "deploy",
    "resources",
    "web-1",
    "http",
    "path",
    "from",
    "x",
    "labels",
    "address",
    "ssh",
    "jump",
    "fleet",
    "defaults",
    "app",
    "ulimits",
    "network",
    "host",
  );
  const value = fc.letrec<{ value: unknown; map: unknown }>((tie) => ({
    map: fc.dictionary(keys, tie("value"), { maxKeys: 5 }),
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        80,
        1.5,
        "",
        "web-1",
        "80:80",
        "/x",
        "a 'b",
        "host",
        "off",
        "5s",
        "512m",
      ),
      fc.array(fc.constantFrom("a", "80:80", "/x", null, 3), { maxLength: 3 }),
      tie("map"),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(anyPath, value.map, value.map, async (path, one, other) => {
      const files = repo({
        "apps/shop.yaml": JSON.stringify(other),
        [path]: JSON.stringify(one),
        "environments/eu/slipway.yaml": "{}",
      });
      await findingsOf({ files, environment: "eu" });
      await findingsOf({ files });
    }),
    noErrors,
  );
});
