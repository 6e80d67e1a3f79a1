import type { GlobalOptions } from "./options.ts";
import type { Io } from "./io.ts";
import type { Net } from "./net.ts";
import type { Parts } from "./parts.ts";

/** What the command line says of itself, without loading what it does. */
export interface CommandSpec {
  readonly name: string;
  /** As commander writes them: `[dir]`, `<app>`, with what they are. */
  readonly arguments?: readonly (readonly [syntax: string, help: string])[];
  /** What follows `--` belongs to it: how help writes that. */
  readonly rest?: string;
  readonly summary: string;
  /** A paragraph or two for its own help. */
  readonly about: string;
  readonly options?: readonly CommandFlag[];
  readonly examples: readonly (readonly [line: string, what: string])[];
  readonly load: () => Promise<{ readonly run: Run }>;
}

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
  readonly net: Pick<Net, "spread">;
}

/** What stood on the command line for one command. */
export interface Given {
  readonly args: readonly (string | undefined)[];
  /** By commander's names: `exitCode` for `--exit-code`. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Behind `--`. */
  readonly rest: readonly string[];
}
