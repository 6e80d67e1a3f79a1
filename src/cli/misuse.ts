import type { CommanderError } from "commander";
import { didYouMean } from "../lib/suggest.ts";
import { catalog, commandNames } from "./catalog.ts";
import { globalFlags, type Flag } from "./flags.ts";
import { laterCommand, laterFlag } from "./later.ts";
import { UserError } from "./trouble.ts";

/** The first word that is neither a flag nor the value of one; behind `help` the one after it. */
export function namedCommand(argv: readonly string[]): string | undefined {
  const valued = Object.values<Flag>(globalFlags)
    .map(({ flags }) => flags)
    .filter((flags) => flags.includes("<"))
    .map((flags) => flags.split(" ", 1)[0]);
  const words = argv.filter(
    (word, i) => !word.startsWith("-") && !valued.includes(argv[i - 1] ?? ""),
  );
  return words[0] === "help" ? words[1] : words[0];
}

/** For a word that stands where a command should. */
export function noCommand(name: string): UserError {
  return (
    laterCommand(name) ??
    new UserError(
      "usage",
      `there is no command '${name}'${didYouMean(name, commandNames)}`,
      `There are: ${commandNames.join(", ")}`,
    )
  );
}

/** What was wrong on the command line, in one line. */
export function misuse(error: CommanderError, argv: readonly string[]): UserError {
  const said = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const word = namedCommand(argv);
  const command = word !== undefined && commandNames.includes(word) ? word : undefined;
  const flag = error.code === "commander.unknownOption" ? flagIn(error) : "";
  const later = command === undefined ? laterCommand(word ?? "") : laterFlag(command, flag);
  if (later !== undefined) return later;
  if (error.code === "commander.excessArguments" && command === "exec")
    return new UserError(
      "usage",
      "put the command behind --",
      `As in: slipway exec ${namedBehind(argv, "exec")} -- ls -l /`,
    );
  return new UserError(
    "usage",
    `${said}${flag === "" ? "" : nearFlag(flag, command)}`,
    `See 'slipway ${command === undefined ? "" : `${command} `}--help'.`,
  );
}

/** The word behind a command: what it is about. */
const namedBehind = (argv: readonly string[], command: string): string =>
  argv[argv.indexOf(command) + 1] ?? "APP";

const flagIn = (error: CommanderError): string => /--[^'=]+/.exec(error.message)?.[0] ?? "";

function nearFlag(flag: string, command: string | undefined): string {
  const spec = catalog.flatMap(({ commands }) => commands).find(({ name }) => name === command);
  const flags = [...Object.values<Flag>(globalFlags), ...(spec?.options ?? [])];
  const known = flags.flatMap(({ flags: text }) => /--[a-z-]+/.exec(text)?.[0] ?? []);
  return didYouMean(flag, known);
}
