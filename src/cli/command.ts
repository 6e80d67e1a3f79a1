import type { GlobalOptions } from "./options.ts";
import type { Io } from "./io.ts";
import type { Net } from "./net.ts";
import type { Parts } from "./parts.ts";

/** What the command line says of a word on it. */
interface CommandText {
  readonly name: string;
  readonly summary: string;
  /** A paragraph or two for its own help. */
  readonly about: string;
  readonly examples: readonly (readonly [line: string, what: string])[];
}

/** What the command line says of a command, without loading what it does. */
export interface CommandSpec extends CommandText {
  /** As commander writes them: `[dir]`, `<app>`, with what they are. */
  readonly arguments?: readonly (readonly [syntax: string, help: string])[];
  /** What follows `--` belongs to it: how help writes that. */
  readonly rest?: string;
  readonly options?: readonly CommandFlag[];
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** A word that other commands stand behind: `secrets`. */
export interface CommandGroup extends CommandText {
  readonly commands: readonly CommandNode[];
}

export type CommandNode = CommandSpec | CommandGroup;

export interface CommandFlag {
  readonly flags: string;
  readonly help: string;
  readonly repeatable?: boolean;
}

/** Resolves with the exit code. */
export type Run = (context: Context, given: Given) => Promise<number>;

/** What every command works with. */
export interface Context {
  readonly io: Io;
  readonly options: GlobalOptions;
  readonly parts: Parts;
  /** Takes what a command opens out of all that it prints. */
  readonly net: Pick<Net, "spread" | "redact">;
}

/** What stood on the command line for one command. */
export interface Given {
  readonly args: readonly (string | undefined)[];
  /** By commander's names: `exitCode` for `--exit-code`. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Behind `--`. */
  readonly rest: readonly string[];
}
