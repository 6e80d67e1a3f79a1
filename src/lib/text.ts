import { stripVTControlCharacters } from "node:util";

/**
 * Text from machines, registries and commits is untrusted: it may move the cursor, retitle the terminal or reorder what
 * is read. Nothing of that leaves here: colour sequences of logs go, all else that is invisible is spelled out.
 */

/** Controls, separators, bidirectional and zero-width characters, tags, halves of surrogate pairs; the joiner of emoji stays. */
const invisible =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{feff}\u{200b}\u{2060}-\u{2064}\u{206a}-\u{206f}\u{e0000}-\u{e007f}]/gu;

const spell = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
};

/** One line that is safe to print: line ends and tabs become spaces. */
export const printableLine = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/[\r\n\t]+/g, " ")
    .replaceAll(invisible, spell)
    .trimEnd();

/** Several lines that are safe to print; tabs become spaces. */
export const printableLines = (text: string): readonly string[] =>
  text.split(/\r\n|\n|\r/).map(printableLine);

/** At most `limit` UTF-16 units, cut between words where that keeps half of it, and marked with `…`. */
export function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (limit < 2) return "…".slice(0, Math.max(0, limit));
  const room = text.slice(0, limit - 1);
  const space = text[limit - 1] === " " ? room.length : room.lastIndexOf(" ");
  const kept = space >= limit / 2 ? room.slice(0, space) : room.replace(/[\ud800-\udbff]$/, "");
  return `${kept.replace(/[\s,;:]+$/, "")}…`;
}

/** How many columns of a terminal a line takes: wide scripts and emoji take two, marks none. */
export function columnsOf(line: string): number {
  let columns = 0;
  for (const character of line) columns += columnsOfOne(character);
  return columns;
}

/** As much of a line as fits; what is cut is marked with `…`. */
export function cutToColumns(line: string, limit: number): string {
  if (columnsOf(line) <= limit) return line;
  let kept = "";
  let columns = 0;
  for (const character of line) {
    columns += columnsOfOne(character);
    if (columns > limit - 1) break;
    kept += character;
  }
  return limit < 1 ? "" : `${kept}…`;
}

const columnsOfOne = (character: string): number => {
  if (/[\p{M}\u{200d}]/u.test(character)) return 0;
  return /[\u{1100}-\u{115f}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u.test(
    character,
  )
    ? 2
    : 1;
};

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(items: readonly string[], most = 5): string {
  if (items.length <= 1) return items[0] ?? "";
  if (items.length > most)
    return `${items.slice(0, most - 1).join(", ")} and ${items.length - most + 1} more`;
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}

/** `1 change`, `2 changes`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** How people write a commit: its first 8 digits. */
export const shortRevision = (revision: string): string => revision.slice(0, 8);
