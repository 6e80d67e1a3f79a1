import type { Foreign } from "./foreign-form.ts";
import { foreignByPlace } from "./foreign-words.ts";

/** What a word of another tool stands for at a place; undefined if it is none. */
export const foreignWord = (place: string, word: string): Foreign | undefined =>
  foreignByPlace[place]?.find((entry) => entry.words.includes(word));

/** What to say about a word of another tool. */
export const explainForeign = ({ ours, rest }: Foreign): string =>
  ours === undefined ? `Slipway has no such key${rest}` : `Slipway calls this '${ours}'${rest}`;

/** Every word there is, with its place: for tests and docs. */
export const foreignWords = (): readonly (readonly [place: string, word: string])[] =>
  Object.entries(foreignByPlace).flatMap(([place, entries]) =>
    entries.flatMap((e) => e.words.map((word) => [place, word] as const)),
  );
