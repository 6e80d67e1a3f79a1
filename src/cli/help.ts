import type { CommandNode, CommandSpec } from "./command.ts";
import { secretVariables } from "./flags.ts";

export function usageOf(spec: CommandSpec): string {
  const words = [
    "[options]",
    ...(spec.arguments ?? []).map(([syntax]) => syntax),
    ...(spec.rest === undefined ? [] : ["--", spec.rest]),
  ];
  return words.join(" ");
}

/** With the words that stand before its name. */
export function examplesOf({ name, examples }: CommandNode, above: readonly string[]): string {
  const lines = examples.map(([line, what]) => `  ${line}\n      ${what}`);
  return `\nExamples:\n${lines.join("\n")}\n\nOptions of all commands: slipway --help. More: docs/cli.md (${[...above, name].join(" ")})`;
}

export function environmentHelp(): string {
  const width = Math.max(...secretVariables.map(([name]) => name.length)) + 2;
  const lines = secretVariables.map(([name, what]) => `  ${name.padEnd(width)}${what}`);
  return `\nOnly by environment variable:\n${lines.join("\n")}\n\nExit codes: 0 done, 1 trouble, 2 changes pending (plan --exit-code).`;
}
