import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { lastChange } from "../../src/cli/blame.ts";
import { subjectOf } from "../../src/model/snapshot.ts";
import type { SealedValue } from "../../src/model/sealed.ts";
import type { Declared } from "../../src/pass/declared.ts";
import type { World } from "../../src/pass/world.ts";
import { openSource } from "../../src/source/open.ts";
import type { Source } from "../../src/source/source.ts";
import { makeInfra, type Infra } from "../support/infra.ts";

const file = "apps/shop/app.yaml";
const values = "secrets/shop.yaml";
const whole = "secrets/tls.key.age";
const secretsFile = (a: string, b: string): string => `A: |\n  ${a}\nB: |\n  ${b}\n`;
const valueOf = (key: string): SealedValue => ({
  name: `shop.${key}`,
  id: `blob#${key}`,
  where: { file: values, line: 1, col: 1 },
  source: { form: "armor", text: "" },
});
const wholeFile: SealedValue = {
  name: "tls.key.age",
  id: "blob",
  where: { file: whole, line: 1, col: 1 },
  source: { form: "file", blob: "blob" },
};
const app = (version: number, stop: string): string =>
  `image: shop:${version}\nfiles:\n  /etc/one: one.txt\nrelease:\n  command: [migrate]\n  deadline: ${stop}\n`;

describe("who declared it", () => {
  let infra: Infra;
  let state: string;
  let source: Source;
  before(async () => {
    infra = await makeInfra();
    state = await mkdtemp(join(tmpdir(), "slipway-blame-"));
    await infra.commit("Start", { [file]: app(1, "1m"), "apps/shop/one.txt": "1\n" });
    await infra.commit("Two", { "apps/shop/one.txt": "2\n" });
    await infra.commit("Image", { [file]: app(2, "1m") });
    await infra.commit("Deadline", { [file]: `# Ours\n${app(2, "5m")}` });
    await infra.commit("Secrets", { [values]: secretsFile("a1", "b1"), [whole]: "age\n" });
    await infra.commit("Secret A", { [values]: secretsFile("a2", "b1") });
    await infra.commit("Secret B", { [values]: `# B\n${secretsFile("a2", "b2")}` });
    await infra.commit("Whole", { [whole]: "age 2\n" });
    await infra.commit("Words", { "README.md": "words\n" });
    source = await openSource({ repo: infra.repo, branch: "main", stateDir: state });
  });
  after(async () => {
    await source.close();
    await Promise.all([infra.close(), rm(state, { recursive: true, force: true })]);
  });

  const at = (line: number, more: Partial<Declared> = {}): Declared => ({
    where: { file, line, col: 1 },
    by: "line",
    blobs: [],
    secrets: [],
    ...more,
  });

  const cases: readonly (readonly [says: string, declared: () => Promise<Declared>, by: string])[] =
    [
      ["the whole file", async () => await Promise.resolve(at(1, { by: "file" })), "Deadline"],
      ["a line", async () => await Promise.resolve(at(2)), "Image"],
      ["a line that nobody touched since", async () => await Promise.resolve(at(4)), "Start"],
      ["a key by what is below it", async () => await Promise.resolve(at(5)), "Deadline"],
      [
        "a secret that goes into it",
        async () => await Promise.resolve(at(4, { secrets: [valueOf("A")] })),
        "Secret A",
      ],
      [
        "the newest of several",
        async () => await Promise.resolve(at(4, { secrets: [valueOf("A"), valueOf("B")] })),
        "Secret B",
      ],
      [
        "a whole file that is secret",
        async () => await Promise.resolve(at(4, { secrets: [wholeFile] })),
        "Whole",
      ],
      [
        "a shipped file by its content",
        async () => {
          const { entries } = await source.snapshot();
          const one = entries.find(({ path }) => path === "apps/shop/one.txt");
          return at(4, { blobs: one === undefined ? [] : [one.blob] });
        },
        "Two",
      ],
    ];
  for (const [says, declared, by] of cases) {
    it(`${says}: ${by}`, async () => {
      const commit = await lastChange({ source } as unknown as World, await declared());
      assert.equal(commit && subjectOf(commit), by);
    });
  }
});
