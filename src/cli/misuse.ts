import type { CommanderError } from "commander";
import { didYouMean } from "../lib/suggest.ts";
import { catalog, commandNames } from "./catalog.ts";
import { globalFlags, type Flag } from "./flags.ts";
import { laterCommand, laterFlag } from "./later.ts";
import { UserError } from "./trouble.ts";

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
  const words = argv.filter((word) => !word.startsWith("-"));
  const command = words.find((word) => commandNames.includes(word));
  const flag = error.code === "commander.unknownOption" ? flagIn(error) : "";
  const later =
    command === undefined ? words.map(laterCommand).find(Boolean) : laterFlag(command, flag);
  if (later !== undefined) return later;
  return new UserError(
    "usage",
    `${said}${flag === "" ? "" : nearFlag(flag, command)}`,
    `See 'slipway ${command === undefined ? "" : `${command} `}--help'.`,
  );
}

const flagIn = (error: CommanderError): string => /--[^'=]+/.exec(error.message)?.[0] ?? "";

function nearFlag(flag: string, command: string | undefined): string {
  const spec = catalog.flatMap(({ commands }) => commands).find(({ name }) => name === command);
  const flags = [...Object.values<Flag>(globalFlags), ...(spec?.options ?? [])];
  const known = flags.flatMap(({ flags: text }) => /--[a-z-]+/.exec(text)?.[0] ?? []);
  return didYouMean(flag, known);
}
