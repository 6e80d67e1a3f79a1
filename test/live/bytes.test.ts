import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { openStage, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

/** Text that some shell, YAML reader, engine or file system is known to take for something else. */
const nasty: readonly string[] = [
  "",
  " ",
  "  leading and trailing  ",
  "'",
  '"',
  "''\"\"'",
  "$(touch /tmp/owned)",
  "`id`",
  "${HOME} $HOME $$ $1",
  "a\nb",
  "\n",
  "line\r\nend\r",
  "tab\tand\\backslash\\n\\",
  "\\",
  "-rf",
  "--",
  "-n",
  "*",
  "?[a-z]{a,b}~",
  "!history #comment",
  "# comment",
  "a=b=c",
  "null",
  "~",
  "yes",
  "0x10",
  "1.10",
  "1e3",
  "{{ template }}",
  "%s %d %%",
  "; rm -rf / & |",
  "<>()",
  "äöü ß ẞ",
  "日本語",
  "👩‍👩‍👧 e\u0301",
  "\u2028\u2029\u0085",
  "\u200b\u202eright to left",
  "\uFEFF",
  "\u0001\u001b[31mred\u007f",
  "\u{10FFFF}",
  "x".repeat(2_000),
];

const shellCharacters = Array.from("'\"\\$`\n \t-*{}[]:#&!|>%@,=");

const anyText = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...shellCharacters), maxLength: 20 }),
  )
  .map((s) => s.replaceAll("\0", ""))
  .filter((s) => s.isWellFormed());

/** What is no name of a file in a repo: Slipway refuses what people could not see or could not type. */
const isFileName = (s: string): boolean =>
  s !== "" && !/^\.|[/\\]|[\p{C}\p{Zl}\p{Zp}]/u.test(s) && Buffer.byteLength(s) < 200;

const anyFileName = anyText.filter(isFileName);

/** As YAML whatever the text is: JSON, with all beyond ASCII escaped. */
const yaml = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

interface Batch {
  readonly env: readonly string[];
  readonly argv: readonly string[];
  readonly labels: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

const batches: readonly Batch[] = [
  {
    env: nasty,
    argv: nasty,
    labels: nasty,
    files: Object.fromEntries(nasty.filter(isFileName).map((name, i) => [name, nasty[i] ?? ""])),
  },
  ...[1, 2].map((seed): Batch => {
    const many = <T>(one: fc.Arbitrary<T>, offset: number): T[] =>
      fc.sample(one, { numRuns: 60, seed: seed * 10 + offset });
    const contents = many(anyText, 3);
    return {
      env: many(anyText, 0),
      argv: many(anyText, 1),
      labels: many(anyText, 2),
      files: Object.fromEntries(many(anyFileName, 4).map((name, i) => [name, contents[i] ?? ""])),
    };
  }),
];

const keyed = (values: readonly string[], prefix: string): Readonly<Record<string, string>> =>
  Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));

describe("every text arrives byte for byte", () => {
  let stage: Stage;
  let image = "";

  before(async () => {
    stage = await openStage({ machines: ["web-1"] });
    const { images } = stage.fleet;
    assert.ok(images);
    ({ reference: image } = await images.push("shop", "1"));
    await stage.commit("Begin", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
    });
  });

  after(async () => {
    await stage?.close();
  });

  const docker = async (...argv: string[]): Promise<string> =>
    await stage.fleet.machine("web-1").docker(argv);

  for (const [index, batch] of batches.entries()) {
    test(`batch ${index + 1}: env, command, labels, names of files, and what is in them`, async () => {
      await stage.git("rm", "-rq", "--ignore-unmatch", "apps");
      await stage.commit(`Batch ${index + 1}`, {
        "apps/shop/app.yaml": [
          `image: ${image}`,
          "port: 8080",
          "health: { http: /up, interval: 100ms, deadline: 60s }",
          "deploy: { stopTimeout: 1s }",
          `command: ${yaml(["/app/server", ...batch.argv])}`,
          `env: ${yaml(keyed(batch.env, "V_"))}`,
          `labels: ${yaml(keyed(batch.labels, "l."))}`,
          "files: { /rules: rules/ }",
        ].join("\n"),
        ...Object.fromEntries(
          Object.entries(batch.files).map(([name, text]) => [`apps/shop/rules/${name}`, text]),
        ),
      });
      const ran = await stage.slipway(["reconcile"]);
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      const id = (await docker("ps", "-q", "--filter", "label=slipway.app=shop")).trim();
      /** What a shell in the container says, as bytes. */
      const inside = async (script: string): Promise<Buffer> =>
        Buffer.from(await docker("exec", id, "sh", "-c", `${script} | base64`), "base64");
      const parts = (bytes: Buffer): readonly string[] => bytes.toString().split("\0").slice(0, -1);

      const env = parts(await inside("cat /proc/1/environ"));
      assert.deepEqual(
        env.filter((e) => e.startsWith("V_")).toSorted(),
        Object.entries(keyed(batch.env, "V_"))
          .map(([name, value]) => `${name}=${value}`)
          .toSorted(),
      );
      const argv = parts(await inside("cat /proc/1/cmdline"));
      assert.deepEqual(argv, ["/app/server", ...batch.argv]);
      const inspected = JSON.parse(
        await docker("inspect", "--format", "{{json .Config.Labels}}", id),
      ) as Record<string, string>;
      const own = Object.entries(inspected).filter(([name]) => name.startsWith("l."));
      assert.deepEqual(Object.fromEntries(own), keyed(batch.labels, "l."));
      const names = parts(await inside("cd /rules && find . -type f -print0"));
      assert.deepEqual(
        names.map((name) => name.slice(2)).toSorted(),
        Object.keys(batch.files).toSorted(),
      );
      const contents = await inside(
        'cd /rules && find . -type f -print0 | xargs -0 -n 1 sh -c \'printf "%s\\0" "$0"; cat "$0"; printf "\\0"\'',
      );
      const found = parts(contents);
      const pairs = found.flatMap((name, i) =>
        i % 2 === 0 ? [[name.slice(2), found[i + 1] ?? ""] as const] : [],
      );
      assert.deepEqual(Object.fromEntries(pairs), batch.files);
      const again = await stage.slipway(["plan", "--exit-code"]);
      assert.equal(again.code, 0, again.stdout + again.stderr);
    });
  }
});
