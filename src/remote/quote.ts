/**
 * Argv as shell text: the only place where one becomes the other. Backslashes and quotes stand outside of the
 * single quotes, so that fish, which reads escapes inside of them, sees the same words as POSIX shells.
 * Throws a TypeError for what no argument can hold: a NUL, half a surrogate pair.
 */
export const quote = (argv: readonly string[]): string => argv.map(quoteWord).join(" ");

function quoteWord(word: string): string {
  if (word.includes("\0")) throw new TypeError("an argument cannot hold a NUL");
  if (!word.isWellFormed()) throw new TypeError("an argument cannot hold half a character");
  return `'${word.replaceAll(/[\\']+/g, (run) => `'${run.replaceAll(/./g, String.raw`\$&`)}'`)}'`;
}

/** A POSIX shell's argv for a fixed script; what varies are its parameters `$1`, `$2` and so on. */
export const script = (text: string, ...parameters: readonly string[]): string[] => [
  "sh",
  "-c",
  text,
  "sh",
  ...parameters,
];
