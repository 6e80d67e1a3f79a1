import { randomInt } from "node:crypto";

const lower = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";

/** What generated values are made of. */
export const alphabets = {
  alnum: lower + lower.toUpperCase() + digits,
  hex: `${digits}abcdef`,
  base64url: `${lower}${lower.toUpperCase()}${digits}-_`,
  /** All that is printed, but for the blank. */
  ascii: Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join(""),
  digits,
} as const;

export type AlphabetName = keyof typeof alphabets;

export const isAlphabet = (name: string): name is AlphabetName => Object.hasOwn(alphabets, name);

/** So many characters, each as likely as any other (`randomInt` rejects what would favour some), from the system's generator. */
export const generate = (length: number, alphabet: AlphabetName): string =>
  Array.from({ length }, () => alphabets[alphabet][randomInt(alphabets[alphabet].length)]).join("");
