import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { filesBelow, textOf, top } from "./code.ts";

const folders = ["src", "test", "tools", "demo", "bin", "docs", "schemas", "example-repo", ".ci"];
const texts = /(\.(ts|json|ya?ml|md|sh|c|txt)|\/[a-z-]+)$/;

/** Every text file of the project that people write. */
const written = [
  ...folders.flatMap((folder) => filesBelow(folder, "**/*").map((path) => `${folder}/${path}`)),
  ...filesBelow(".", "*.{md,json}"),
  "Dockerfile",
].filter((path) => texts.test(path) || path === "Dockerfile");

const files = written.flatMap((path) => {
  try {
    return { path, text: textOf(path) };
  } catch {
    return []; // a folder
  }
});

describe("what is written", () => {
  it("leaves nothing for later", () => {
    assert.deepEqual(linesWith(/\b([T]ODO|[F]IXME|[X]XX)\b/), []);
  });

  it("runs every test", () => {
    const choosing = /\b(describe|it|suite|test)\.(only|skip|todo)\b|\{\s*(only|skip|todo)\s*:/;
    assert.deepEqual(linesWith(choosing, /^test\/(?!structure\/words).*\.ts$/), []);
  });

  it("knows no place but this one", () => {
    // Folders that a machine has by its standard are anybody's; the rest is somebody's own.
    const own = /(?<![\w.)}])\/(work|Users|home\/(?!(ada|bob|deploy|user)\b)[a-z]+)\//;
    assert.deepEqual(linesWith(own, /^(?!test\/structure\/words)/), []);
  });

  it("names documents that are there", () => {
    const missing = files
      .filter(({ path }) => /\.(ts|md)$/.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/(?<![\w/.:-])((?:[\w.-]+\/)*[A-Za-z][\w-]*\.md)\b/g)].flatMap(
          ([, name = ""]) =>
            [join(top, name), join(top, dirname(path), name)].some((file) => existsSync(file))
              ? []
              : `${path}: ${name}`,
        ),
      );
    assert.deepEqual(missing, []);
  });

  it("links to what is there", () => {
    const broken = files
      .filter(({ path }) => path.endsWith(".md"))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\]\(([^)\s]+)\)/g)]
          .map(([, link = ""]) => link.replace(/#.*$/, ""))
          .filter((link) => link !== "" && !/^[a-z]+:/.test(link))
          .filter((link) => !existsSync(join(top, dirname(path), link)))
          .map((link) => `${path}: ${link}`),
      );
    assert.deepEqual(broken, []);
  });
});

const linesWith = (words: RegExp, where = /^/): readonly string[] =>
  files
    .filter(({ path }) => where.test(path))
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .flatMap((line, index) =>
          words.test(line) ? `${path}:${index + 1}: ${line.trim().slice(0, 120)}` : [],
        ),
    );
