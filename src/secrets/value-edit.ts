import { entryIn, readValueFile, type ValueEntry } from "./value-file.ts";

/**
 * Puts a sealed value behind its key, or a new key at the end; every other line stays as it is, byte for byte. Undefined for
 * YAML in which that cannot be done.
 */
export function withSealed(text: string, key: string, armor: string): string | undefined {
  const read = readValueFile(text);
  if ("problem" in read) return undefined;
  const { entries } = read;
  const entry = entryIn(entries, key);
  const edit = (pad: string): string =>
    entry === undefined
      ? withNew(text, entries[0]?.indent ?? "", key, armor)
      : withSlot(text, entry, sealedSlot(armor, entry, lineBreakOf(text), pad));
  const wanted = new Map(entries.map((one) => [one.key, one.value] as const)).set(key, armor);
  return pads.map(edit).find((edited) => holds(edited, wanted));
}

/** A comment that is indented as deep as the block above it would be taken for a part of that. */
export const pads: readonly string[] = ["  ", "    ", " ".repeat(8), " ".repeat(16)];

export const withSlot = (text: string, { slot }: ValueEntry, filled: string): string =>
  text.slice(0, slot.from) + filled + text.slice(slot.to);

/** What stands behind a key and its colon: the armor as a block. */
export function sealedSlot(
  armor: string,
  { indent, comment }: Pick<ValueEntry, "indent" | "comment">,
  lineBreak: string,
  pad = pads[0],
): string {
  const lines = armor.trimEnd().split(/\r?\n/);
  return [` |${comment}`, ...lines.map((line) => `${indent}${pad}${line}`), ""].join(lineBreak);
}

export const lineBreakOf = (text: string): string => (/^[^\n]*\r\n/.test(text) ? "\r\n" : "\n");

/** Whether a text holds exactly these, but for line ends behind the values: whatever YAML a person wrote, what was not meant is not written. */
export function holds(text: string, wanted: ReadonlyMap<string, string | null>): boolean {
  const read = readValueFile(text);
  return (
    "entries" in read &&
    read.entries.length === wanted.size &&
    read.entries.every(({ key, value }) => {
      const one = wanted.get(key);
      return one !== undefined && value?.trimEnd() === one?.trimEnd();
    })
  );
}

function withNew(text: string, indent: string, key: string, armor: string): string {
  const lineBreak = lineBreakOf(text);
  const before = text === "" || text.endsWith("\n") ? text : text + lineBreak;
  return `${before}${indent}${key}:${sealedSlot(armor, { indent, comment: "" }, lineBreak)}`;
}
