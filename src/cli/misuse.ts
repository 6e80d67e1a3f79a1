import type { CommanderError } from "commander";
import { didYouMean } from "../lib/suggest.ts";
import { globalFlags, type Flag } from "./flags.ts";
import { commandAt, namesBehind } from "./named.ts";
import { laterCommand, laterFlag } from "./later.ts";
import { UserError } from "./trouble.ts";

/** The words that are neither flags nor their values, from the first command on; `help` before them is left out. */
function wordsIn(argv: readonly string[]): readonly string[] {
  const valued = Object.values<Flag>(globalFlags)
    .map(({ flags }) => flags)
    .filter((flags) => flags.includes("<"))
    .map((flags) => flags.split(" ", 1)[0]);
  const words = argv.filter(
    (word, i) => !word.startsWith("-") && !valued.includes(argv[i - 1] ?? ""),
  );
  return words[0] === "help" ? words.slice(1) : words;
}

/** The words that name a command, or the group that is named. */
function namedCommand(argv: readonly string[]): readonly string[] {
  const words = wordsIn(argv);
  const end = words.findIndex((_, i) => commandAt(words.slice(0, i + 1)) === undefined);
  return end < 0 ? words : words.slice(0, end);
}

/** The words up to one that stands where a command should, and is none. */
export function strayWord(argv: readonly string[]): readonly string[] | undefined {
  const named = namedCommand(argv);
  const words = wordsIn(argv).slice(0, named.length + 1);
  return words.length > named.length && namesBehind(named) !== undefined ? words : undefined;
}

/** For words of which the last stands where a command should. */
export function noCommand(words: readonly string[]): UserError {
  const before = words.slice(0, -1);
  const name = words.at(-1) ?? "";
  const known = namesBehind(before) ?? [];
  return (
    (before.length === 0 ? laterCommand(name) : undefined) ??
    new UserError(
      "usage",
      `there is no command '${words.join(" ")}'${didYouMean(name, known)}`,
      `There are: ${known.join(", ")}`,
    )
  );
}

/** What was wrong on the command line, in one line. */
export function misuse(error: CommanderError, argv: readonly string[]): UserError {
  const words = namedCommand(argv);
  const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const said = words[0] === "secrets" ? withoutValues(message) : message;
  const command = words.join(" ");
  const flag = error.code === "commander.unknownOption" ? flagIn(error) : "";
  const later = laterFlag(command, flag);
  if (later !== undefined) return later;
  if (error.code === "commander.excessArguments" && excess[command] !== undefined)
    return excess[command](argv);
  return new UserError(
    "usage",
    `${said}${flag === "" ? "" : nearFlag(flag, words)}`,
    `See 'slipway ${command === "" ? "" : `${command} `}--help'.`,
  );
}

/** A word too many, and what stands behind a `=`, may be what is to be encrypted. */
const withoutValues = (message: string): string =>
  message.replace(/=[^']*'/, "=…'").replace(/(but got \d+):.*$/s, "$1.");

/** What a word too many means, by command. */
const excess: Readonly<Record<string, (argv: readonly string[]) => UserError>> = {
  exec: (argv) =>
    new UserError(
      "usage",
      "put the command behind --",
      `As in: slipway exec ${namedBehind(argv, "exec")} -- ls -l /`,
    ),
  "secrets set": () =>
    new UserError(
      "usage",
      "a value is never taken from the command line: it would stand in the list of processes and in your shell's history",
      "Type it when you are asked, or pipe it in: slipway secrets set shop.KEY < file",
    ),
};

/** The word behind a command: what it is about. */
const namedBehind = (argv: readonly string[], command: string): string =>
  argv[argv.indexOf(command) + 1] ?? "APP";

const flagIn = (error: CommanderError): string => /--[^'=]+/.exec(error.message)?.[0] ?? "";

function nearFlag(flag: string, words: readonly string[]): string {
  const node = commandAt(words);
  const own = node !== undefined && "options" in node ? (node.options ?? []) : [];
  const flags = [...Object.values<Flag>(globalFlags), ...own];
  const known = flags.flatMap(({ flags: text }) => /--[a-z-]+/.exec(text)?.[0] ?? []);
  return didYouMean(flag, known);
}
