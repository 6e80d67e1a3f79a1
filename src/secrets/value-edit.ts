import { readValueFile, type ValueEntry } from "./value-file.ts";

/**
 * Puts sealed values behind their keys, new keys at the end; every other line stays as it is, byte for byte. Undefined for
 * YAML in which that cannot be done.
 */
export function withSealed(text: string, armors: ReadonlyMap<string, string>): string | undefined {
  const read = readValueFile(text);
  if ("problem" in read) return undefined;
  const { entries } = read;
  const lineBreak = lineBreakOf(text);
  const known = new Set(entries.map(({ key }) => key));
  const added = [...armors].filter(([key]) => !known.has(key));
  const edit = (pad: string): string => {
    const replaced = withSlots(text, entries, (entry) => {
      const armor = armors.get(entry.key);
      return armor === undefined ? undefined : sealedSlot(armor, entry, lineBreak, pad);
    });
    const indent = entries[0]?.indent ?? "";
    return added.reduce((all, [key, armor]) => withNew(all, indent, key, armor), replaced);
  };
  const before = entries.map(({ key, value }) => [key, value] as const);
  const wanted = new Map<string, string | null>([...before, ...armors]);
  for (const pad of pads) {
    const edited = edit(pad);
    if (holds(edited, wanted)) return edited;
  }
  return undefined;
}

/** A comment that is indented as deep as the block above it would be taken for a part of that. */
export const pads: readonly string[] = ["  ", "    ", " ".repeat(8), " ".repeat(16)];

/** Writes something else behind the keys for which there is something. */
export function withSlots(
  text: string,
  entries: readonly ValueEntry[],
  fill: (entry: ValueEntry) => string | undefined,
): string {
  const pieces: string[] = [];
  let end = 0;
  for (const entry of entries) {
    const filled = fill(entry);
    if (filled === undefined) continue;
    pieces.push(text.slice(end, entry.slot.from), filled);
    end = entry.slot.to;
  }
  return [...pieces, text.slice(end)].join("");
}

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
