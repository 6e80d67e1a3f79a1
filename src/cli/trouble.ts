import type { Diagnostic } from "../model/diagnostic.ts";
import type { ErrorDocument } from "../report/json.ts";
import { findingsDocument } from "../report/json.ts";

/** What kind of trouble a UserError is: the `code` of `--json`. */
export type UserTrouble =
  /** The command line itself is wrong. */
  | "usage"
  /** It is there in no version so far. */
  | "not-yet"
  /** No app, machine, address or revision of that name; or none of it runs. */
  | "not-found"
  /** No repository is named, nor around the current folder. */
  | "no-repo"
  /** There are findings in what would have to be read. */
  | "rejected"
  /** A local clone is not where its upstream is. */
  | "unpushed"
  /** Something is in the way that is not overwritten, or nobody agreed. */
  | "refused"
  /** What was asked for may be on a machine that did not answer. */
  | "machine-unreachable"
  | "ssh-key"
  | "age-key";

export interface TroubleDetails {
  /** How to mend it. */
  readonly hint?: string;
  readonly findings?: readonly Diagnostic[];
}

/** Something that the user can mend, told in one line. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: UserTrouble;
  readonly hint: string | undefined;
  readonly findings: readonly Diagnostic[];
  constructor(code: UserTrouble, message: string, details: TroubleDetails | string = {}) {
    const { hint, findings = [] } = typeof details === "string" ? { hint: details } : details;
    super(message);
    this.code = code;
    this.hint = hint;
    this.findings = findings;
  }
}

/**
 * Trouble that is nobody's bug, told without a stack: the code that it has by itself, or a first part before its own word
 * for what it is. By name, since not all that throw them are loaded.
 */
const expected: Readonly<Record<string, (error: Error) => string>> = {
  UserError: (error) => own(error, "code"),
  SourceError: (error) => `repo-${own(error, "trouble")}`,
  RemoteError: (error) => `machine-${own(error, "class")}`,
  UnusableKey: () => "ssh-key",
  UnusableAgeKey: () => "age-key",
  ForgeError: () => "forge",
  StateError: () => "state",
  Stopped: () => "stopped",
};

const own = (error: Error, key: string): string => String(Reflect.get(error, key));

export const isExpected = (error: unknown): error is Error =>
  error instanceof Error && Object.hasOwn(expected, error.name);

/** What the user reads when a command ended in an error. */
export function sayError(error: unknown, verbose: boolean): string {
  if (!isExpected(error)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `slipway: this is a bug in Slipway, please report it with what follows\n${stack}\n`;
  }
  const hint = hintOf(error) === undefined ? "" : `\n  ${hintOf(error)}`;
  const stack = verbose && error.stack !== undefined ? `\n${error.stack}` : "";
  return `slipway: ${placeOf(error)}${error.message}${hint}${stack}\n`;
}

/** The same for a script. */
export function errorDocument(error: unknown): ErrorDocument {
  const message = error instanceof Error ? error.message : String(error);
  if (!isExpected(error))
    return { version: 1, code: "bug", message, hint: null, machine: null, findings: [] };
  return {
    version: 1,
    code: expected[error.name]?.(error) ?? "bug",
    message,
    hint: hintOf(error) ?? null,
    machine: machineOf(error) ?? null,
    findings: error instanceof UserError ? findingsDocument(error.findings).findings : [],
  };
}

const hintOf = (error: Error): string | undefined =>
  error instanceof UserError ? error.hint : undefined;

const machineOf = (error: Error): string | undefined =>
  error.name === "RemoteError" && "machine" in error && typeof error.machine === "string"
    ? error.machine
    : undefined;

const placeOf = (error: Error): string => {
  const machine = machineOf(error);
  return machine === undefined ? "" : `${machine}: `;
};
