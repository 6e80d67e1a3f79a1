/** Something that the user can mend, told in one line; `hint` says how. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Trouble that is nobody's bug: told without a stack. By name, since not all that throw them are loaded. */
const expected = new Set([
  "UserError",
  "SourceError",
  "RemoteError",
  "UnusableKey",
  "ForgeError",
  "StateError",
  "Stopped",
]);

export const isExpected = (error: unknown): error is Error =>
  error instanceof Error && expected.has(error.name);

/** What the user reads when a command ended in an error. */
export function sayError(error: unknown, verbose: boolean): string {
  if (!isExpected(error)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `slipway: this is a bug in Slipway, please report it with what follows\n${stack}\n`;
  }
  const hint = error instanceof UserError && error.hint !== undefined ? `\n  ${error.hint}` : "";
  const stack = verbose && error.stack !== undefined ? `\n${error.stack}` : "";
  return `slipway: ${error.message}${hint}${stack}\n`;
}
