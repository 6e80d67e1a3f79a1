import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandNames } from "../../src/cli/catalog.ts";
import { namesBehind } from "../../src/cli/named.ts";
import { readPage, withHelp } from "../../tools/cli-docs.ts";

describe("docs/cli.md", () => {
  it("says what --help says (`node tools/cli-docs.ts` writes it)", () => {
    assert.equal(readPage(), withHelp(readPage()));
  });

  it("has a help text for every command behind another", () => {
    const page = readPage();
    const check = (words: readonly string[]): void => {
      assert(page.includes(`<!-- help: ${words.join(" ")} -->`), words.join(" "));
      for (const name of namesBehind(words) ?? []) check([...words, name]);
    };
    for (const name of commandNames) check([name]);
  });

  it("has a section and a help text for every command", () => {
    const page = readPage();
    for (const name of commandNames) {
      assert.match(page, new RegExp(`^### ${name}$`, "m"));
      assert(page.includes(`<!-- help: ${name} -->`), name);
    }
  });
});
