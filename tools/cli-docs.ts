import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { buildProgram } from "../src/cli/program.ts";
import type { Screen } from "../src/cli/io.ts";

const file = new URL("../docs/cli.md", import.meta.url);

const page: Screen = {
  isTerminal: false,
  columns: 100,
  rows: 24,
  write: () => undefined,
  drained: () => Promise.resolve(),
};

/** The page with what `--help` says in the block behind each `<!-- help: NAME -->`; `slipway` for the whole. */
export function withHelp(text: string): string {
  const program = buildProgram({ out: page, err: page }, false, () => Promise.resolve());
  return text.replaceAll(
    /(<!-- help: ([a-z ]+) -->\n)```text\n.*?\n```\n/gs,
    (_, mark: string, name: string) => {
      const words = name === "slipway" ? [] : name.split(" ");
      const command = words.reduce<Command | undefined>(
        (above, word) => above?.commands.find((one) => one.name() === word),
        program,
      );
      if (command === undefined) throw new Error(`docs/cli.md: there is no command ${name}`);
      let help = "";
      command.configureOutput({ writeOut: (part) => (help += part) }).outputHelp();
      return `${mark}\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
    },
  );
}

export const readPage = (): string => readFileSync(file, "utf8");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  writeFileSync(file, withHelp(readPage()));
