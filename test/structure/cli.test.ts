import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { filesBelow, textOf, top } from "./code.ts";

describe("the documented command line", () => {
  const commands = commandsOf(execFileSync(join(top, "bin/slipway"), ["--help"]).toString());
  const pages = ["README.md", ...filesBelow("docs", "*.md").map((name) => `docs/${name}`)];

  it("has only commands that there are", () => {
    assert(commands.length > 0);
    const wrong = pages.flatMap((page) =>
      namedIn(textOf(page))
        .filter((name) => !commands.includes(name))
        .map((name) => `${page}: slipway ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("has every command that there is", () => {
    const named = new Set(pages.flatMap((page) => namedIn(textOf(page))));
    assert.deepEqual(
      commands.filter((name) => !named.has(name)),
      [],
    );
  });
});

/** Names below the headings of `--help` that list commands. */
function commandsOf(help: string): readonly string[] {
  const names = [...help.matchAll(/^ {2}([a-z]+)(?: [<[][^ ]+)* {2,}\S/gm)];
  return names.map(([, name = ""]) => name).filter((name) => name !== "help");
}

/** What follows `slipway` where code is quoted: in spans and in blocks, past flags and their values. */
function namedIn(page: string): readonly string[] {
  const spans = [...page.matchAll(/```[a-z]*\n(.*?)```|`([^`\n]+)`/gs)];
  return spans.flatMap(([, block, span]) =>
    (block ?? span ?? "")
      .split("\n")
      .flatMap(
        (line) =>
          /(?:^|[\s/$])slipway((?: --[a-z-]+(?:[= ][^ -]\S*)?)*) ([a-z]+)\b/.exec(line)?.[2] ?? [],
      ),
  );
}
