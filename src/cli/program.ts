import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { didYouMean } from "../lib/suggest.ts";
import { catalog, commandNames } from "./catalog.ts";
import type { CommandFlag, CommandSpec } from "./command.ts";
import { exit } from "./exit.ts";
import { globalFlags, secretVariables, type Flag } from "./flags.ts";
import type { Io } from "./io.ts";
import { globalOptions } from "./options.ts";
import type { Parts } from "./parts.ts";
import { tour } from "./tour.ts";
import { sayError, UserError } from "./trouble.ts";

/** Runs one command line and resolves with its exit code; all that can go wrong has been told by then. */
export async function runCli(argv: readonly string[], io: Io, parts: Parts): Promise<number> {
  const cut = argv.indexOf("--");
  const before = cut < 0 ? argv : argv.slice(0, cut);
  const rest = cut < 0 ? [] : argv.slice(cut + 1);
  let verbose = before.includes("-v") || before.includes("--verbose");
  let code: number = exit.done;
  const program = buildProgram(io, async (spec, args, flags, all) => {
    if (rest.length > 0 && spec.rest === undefined)
      throw new UserError(`'slipway ${spec.name}' takes nothing behind --`);
    const options = globalOptions(all, io);
    verbose = options.verbose;
    const { run } = await spec.load();
    code = await run({ io, options, parts }, { args, flags, rest });
  });
  try {
    await program.parseAsync([...before], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, before, io);
    io.err.write(sayError(error, verbose));
    return exit.trouble;
  }
}

type Act = (
  spec: CommandSpec,
  args: readonly (string | undefined)[],
  flags: Readonly<Record<string, unknown>>,
  all: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** The whole command line, for running and for showing its help. */
export function buildProgram(io: Pick<Io, "out" | "err">, act: Act): Command {
  const program = prepared(new Command("slipway"), io)
    .description(
      "Merging deploys, reverting rolls back: containers on plain servers, from a git repo.",
    )
    .usage("[options] <command>")
    .argument("[command]")
    .allowExcessArguments(true)
    .helpCommand("help [command]", "how to use a command")
    .option("--version", "which version this is")
    .addHelpText("after", () => environmentHelp())
    .action((name: string | undefined, flags: { readonly version?: true }) => {
      if (name !== undefined) throw unknownCommand(name);
      io.out.write(flags.version === true ? `slipway ${versionOf()}\n` : tour());
    });
  for (const flag of Object.values<Flag>(globalFlags)) program.addOption(globalOption(flag));
  for (const { title, commands } of catalog) {
    for (const spec of commands)
      program.addCommand(commandOf(spec, io, act).helpGroup(`${title}:`));
  }
  return program;
}

function commandOf(spec: CommandSpec, io: Pick<Io, "out" | "err">, act: Act): Command {
  const command = prepared(new Command(spec.name), io)
    .summary(spec.summary)
    .description(`${capital(spec.summary)}.\n\n${spec.about}`)
    .usage(usageOf(spec))
    .allowExcessArguments(false)
    .addHelpText("after", () => examplesOf(spec));
  for (const [syntax, help] of spec.arguments ?? []) command.argument(syntax, help);
  for (const flag of spec.options ?? []) command.addOption(ownOption(flag));
  const count = spec.arguments?.length ?? 0;
  return command.action(async (...given: unknown[]) => {
    const args = given.slice(0, count) as (string | undefined)[];
    await act(spec, args, command.opts(), command.optsWithGlobals());
  });
}

function prepared(command: Command, io: Pick<Io, "out" | "err">): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .helpOption("-h, --help", "this help")
    .configureHelp({
      helpWidth: Math.min(Math.max(io.out.columns, 60), 110),
      // The program's one argument only catches what is no command.
      visibleArguments: (one) => (one.name() === "slipway" ? [] : [...one.registeredArguments]),
    })
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function usageOf(spec: CommandSpec): string {
  const words = [
    "[options]",
    ...(spec.arguments ?? []).map(([syntax]) => syntax),
    ...(spec.rest === undefined ? [] : ["--", spec.rest]),
  ];
  return words.join(" ");
}

const globalOption = (flag: Flag): Option =>
  collecting(new Option(flag.flags, `${flag.help} [${flag.env}]`), flag.repeatable === true);

const ownOption = ({ flags, help, repeatable }: CommandFlag): Option =>
  collecting(new Option(flags, help), repeatable === true);

const collecting = (option: Option, repeatable: boolean): Option =>
  repeatable
    ? option.argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ])
    : option;

function examplesOf({ name, examples }: CommandSpec): string {
  const lines = examples.map(([line, what]) => `  ${line}\n      ${what}`);
  return `\nExamples:\n${lines.join("\n")}\n\nOptions of all commands: slipway --help. More: docs/cli.md (${name})`;
}

function environmentHelp(): string {
  const width = Math.max(...secretVariables.map(([name]) => name.length)) + 2;
  const lines = secretVariables.map(([name, what]) => `  ${name.padEnd(width)}${what}`);
  return `\nOnly by environment variable:\n${lines.join("\n")}\n\nExit codes: 0 done, 1 trouble, 2 changes pending (plan --exit-code).`;
}

function unknownCommand(name: string): UserError {
  return new UserError(
    `there is no command '${name}'${didYouMean(name, commandNames)}`,
    `There are: ${commandNames.join(", ")}`,
  );
}

/** Help is no error; what was wrong on the command line is told in one line. */
function endOfParsing(error: CommanderError, argv: readonly string[], io: Io): number {
  if (error.exitCode === 0) return exit.done;
  const said = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const command = argv.find((word) => commandNames.includes(word));
  io.err.write(
    `slipway: ${said}${nearFlag(error, command)}\n  See 'slipway ${command === undefined ? "" : `${command} `}--help'.\n`,
  );
  return exit.trouble;
}

function nearFlag(error: CommanderError, command: string | undefined): string {
  if (error.code !== "commander.unknownOption") return "";
  const spec = catalog.flatMap(({ commands }) => commands).find(({ name }) => name === command);
  const flags = [...Object.values<Flag>(globalFlags), ...(spec?.options ?? [])];
  const known = flags.flatMap(({ flags: text }) => /--[a-z-]+/.exec(text)?.[0] ?? []);
  return didYouMean(/--[^'=]+/.exec(error.message)?.[0] ?? "", known);
}

function versionOf(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
