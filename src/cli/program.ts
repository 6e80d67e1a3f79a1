import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { jsonText } from "../report/json.ts";
import { catalog } from "./catalog.ts";
import type { CommandFlag, CommandGroup, CommandNode, CommandSpec } from "./command.ts";
import { exit } from "./exit.ts";
import { globalFlags, type Flag } from "./flags.ts";
import type { Io } from "./io.ts";
import { environmentHelp, examplesOf, usageOf } from "./help.ts";
import { misuse, noCommand, strayWord } from "./misuse.ts";
import { netted } from "./net.ts";
import { globalOptions, switchOf } from "./options.ts";
import type { Parts } from "./parts.ts";
import { tour } from "./tour.ts";
import { errorDocument, sayError, UserError } from "./trouble.ts";

/** Runs one command line and resolves with its exit code; all that can go wrong has been told by then. */
export async function runCli(argv: readonly string[], bare: Io, parts: Parts): Promise<number> {
  const net = netted(bare);
  const { io } = net;
  const cut = argv.indexOf("--");
  const before = cut < 0 ? argv : argv.slice(0, cut);
  const rest = cut < 0 ? [] : argv.slice(cut + 1);
  let verbose = before.includes("-v") || before.includes("--verbose");
  const json = before.includes("--json") || wantsJson(io);
  let code: number = exit.done;
  const fail = (error: unknown): number => {
    io.err.write(sayError(error, verbose));
    if (json) io.out.write(jsonText(errorDocument(error)));
    return exit.trouble;
  };
  // By itself Node.js would print it past the net.
  io.onCrash((error) => io.quit(fail(error)));
  const program = buildProgram(io, json, async (spec, args, flags, all) => {
    if (rest.length > 0 && spec.rest === undefined)
      throw new UserError("usage", `'slipway ${spec.name}' takes nothing behind --`);
    const options = globalOptions(all, io);
    verbose = options.verbose;
    const { run } = await spec.load();
    code = await run({ io, options, parts, net }, { args, flags, rest });
  });
  try {
    // By itself `--help` behind a word that is no command would show the help of all.
    const stray = strayWord(before);
    if (stray !== undefined) throw noCommand(stray);
    await program.parseAsync([...before], { from: "user" });
    return code;
  } catch (error) {
    // Help is no error.
    if (error instanceof CommanderError && error.exitCode === 0) return exit.done;
    return fail(error instanceof CommanderError ? misuse(error, before) : error);
  }
}

/** A variable that says neither is told of where the options are read. */
function wantsJson({ env }: Io): boolean {
  const { env: name } = globalFlags.json;
  try {
    return switchOf(name, env[name]);
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

type Act = (
  spec: CommandSpec,
  args: readonly (string | undefined)[],
  flags: Readonly<Record<string, unknown>>,
  all: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** The whole command line, for running and for showing its help. */
export function buildProgram(io: Pick<Io, "out" | "err">, json: boolean, act: Act): Command {
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
      if (name !== undefined) throw noCommand([name]);
      if (flags.version === true) return io.out.write(versionText(json));
      if (json) throw new UserError("usage", "no command is named", "See 'slipway --help'.");
      io.out.write(tour());
    });
  for (const flag of Object.values<Flag>(globalFlags)) program.addOption(globalOption(flag));
  for (const { title, commands } of catalog) {
    for (const spec of commands)
      program.addCommand(nodeOf(spec, [], io, json, act).helpGroup(`${title}:`));
  }
  return program;
}

function nodeOf(
  node: CommandNode,
  above: readonly string[],
  io: Pick<Io, "out" | "err">,
  json: boolean,
  act: Act,
): Command {
  const command = prepared(new Command(node.name), io)
    .summary(node.summary)
    .description(`${capital(node.summary)}.\n\n${node.about}`)
    .usage("commands" in node ? "<command>" : usageOf(node))
    .addHelpText("after", () => examplesOf(node, above));
  if (!("commands" in node)) return commandOf(node, command, act);
  const words = [...above, node.name];
  for (const below of node.commands) command.addCommand(nodeOf(below, words, io, json, act));
  return groupOf(node, words, command, json);
}

/** By itself it shows what there is behind it. */
function groupOf(
  { name }: CommandGroup,
  words: readonly string[],
  command: Command,
  json: boolean,
): Command {
  return command
    .argument("[command]")
    .allowExcessArguments(true)
    .helpCommand(false)
    .action((word: string | undefined) => {
      if (word !== undefined) throw noCommand([...words, word]);
      if (json)
        throw new UserError(
          "usage",
          `no command is named behind '${name}'`,
          `See 'slipway ${words.join(" ")} --help'.`,
        );
      command.outputHelp();
    });
}

function commandOf(spec: CommandSpec, command: Command, act: Act): Command {
  command.allowExcessArguments(false);
  for (const [syntax, help] of spec.arguments ?? []) command.argument(syntax, help);
  for (const flag of spec.options ?? []) command.addOption(ownOption(flag));
  const count = spec.arguments?.length ?? 0;
  return command.action(async (...given: unknown[]) => {
    // All words of `[name...]` are one to commander.
    const args = (given.slice(0, count) as (string | readonly string[] | undefined)[]).flat();
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
      // The one argument of what has commands behind it only catches what is none.
      visibleArguments: (one) => (one.commands.length > 0 ? [] : [...one.registeredArguments]),
    })
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
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

const versionText = (json: boolean): string =>
  json ? jsonText({ version: 1, slipway: versionOf() }) : `slipway ${versionOf()}\n`;

function versionOf(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
