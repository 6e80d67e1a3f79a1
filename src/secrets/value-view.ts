import { dearmored, isArmored } from "./armor.ts";
import { plainSlot } from "./plain-slot.ts";
import { holds, lineBreakOf, pads, sealedSlot, withSlots } from "./value-edit.ts";
import { readValueFile, type ValueEntry } from "./value-file.ts";

/** A file of values with what was opened in place of what was sealed: what a person edits. */
export interface ValueView {
  readonly text: string;
  /** What was opened, by key. What could not be stays in the text as it is. */
  readonly opened: ReadonlyMap<string, string>;
}

export function viewOf(
  original: string,
  entries: readonly ValueEntry[],
  opened: ReadonlyMap<string, string>,
): ValueView {
  const lineBreak = lineBreakOf(original);
  const text = withSlots(original, entries, (entry) => {
    const value = opened.get(entry.key);
    return value === undefined ? undefined : plainSlot(value, entry, lineBreak);
  });
  return { text, opened };
}

/** What a person made of a view, as far as it can be stored. Nothing of a value is in a message. */
export type Edited =
  | { readonly problem: { readonly line: number; readonly text: string } }
  | {
      readonly added: readonly string[];
      readonly replaced: readonly string[];
      readonly removed: readonly string[];
      /** The file with all values sealed; those that are as they were keep their ciphertext, byte for byte. */
      sealed(seal: (value: string) => Promise<string>): Promise<string>;
    };

export function readEdited(
  original: string,
  { text: view, opened }: ValueView,
  edited: string,
  mayUnset: boolean,
): Edited {
  const before = readValueFile(original);
  if ("problem" in before) throw new Error("a view of what is no file of values");
  const read = readValueFile(edited);
  if ("problem" in read) return { problem: read.problem };
  const { entries } = read;
  const known = new Map(before.entries.map((entry) => [entry.key, entry] as const));
  for (const entry of entries) {
    const text = problemWith(entry, known.get(entry.key), mayUnset);
    if (text !== undefined) return { problem: { line: entry.line, text } };
  }
  const leak = leakIn(view, edited, opened, entries);
  if (leak !== undefined) return { problem: leak };
  const isKept = ({ key, value }: ValueEntry): boolean =>
    value === null || value === (opened.get(key) ?? known.get(key)?.value ?? undefined);
  const present = new Set(entries.map(({ key }) => key));
  const changed = entries.filter((entry) => !isKept(entry));
  return {
    added: changed.filter(({ key }) => !known.has(key)).map(({ key }) => key),
    replaced: changed.filter(({ key }) => known.has(key)).map(({ key }) => key),
    removed: before.entries.filter(({ key }) => !present.has(key)).map(({ key }) => key),
    sealed: async (seal) => {
      const armors = new Map<string, string | null>();
      for (const entry of entries) {
        const { key, value } = entry;
        const old = known.get(key)?.value;
        const keeps = isKept(entry) && typeof old === "string" && isSealed(old);
        armors.set(key, value === null ? null : keeps ? old : await armorOf(value, seal));
      }
      return filled(original, edited, entries, known, armors);
    },
  };
}

const isSealed = (value: string): boolean => isArmored(value) && dearmored(value) !== undefined;

/** What was sealed elsewhere may be put in as it is. */
const armorOf = async (value: string, seal: (value: string) => Promise<string>): Promise<string> =>
  isSealed(value) ? value : await seal(value);

function problemWith(
  { value, comment }: ValueEntry,
  before: ValueEntry | undefined,
  mayUnset: boolean,
): string | undefined {
  if (value === null && !mayUnset && before?.value !== null)
    return 'nothing stands behind this key: write "" for an empty value, or remove the line';
  if (comment !== "" && comment !== before?.comment)
    return "behind this value stands a comment, which is not encrypted: put # in quotes, or the comment on a line of its own";
  return undefined;
}

/** Comments are not encrypted: a value that is now in one would be there for all to read. */
function leakIn(
  view: string,
  edited: string,
  opened: ReadonlyMap<string, string>,
  entries: readonly ValueEntry[],
): { readonly line: number; readonly text: string } | undefined {
  const old = new Set(view.split(/\r?\n/));
  const values = [...opened.values(), ...entries.flatMap(({ value }) => value ?? [])];
  const lines = values.flatMap((value) => value.split(/\r?\n/)).filter((line) => line.length >= 3);
  const keys = new Set([...opened.keys(), ...entries.map(({ key }) => key)]);
  // What stands in a value is none of them.
  const outside = withSlots(edited, entries, ({ slot }) =>
    "\n".repeat(edited.slice(slot.from, slot.to).split("\n").length - 1),
  );
  for (const [index, line] of outside.split(/\r?\n/).entries()) {
    const at = index + 1;
    if (old.has(line) || !/^\s*#/.test(line)) continue;
    const key = /^[\s#]*([^\s:]+):\s*\S/.exec(line)?.[1];
    if (lines.some((value) => line.includes(value)) || (key !== undefined && keys.has(key)))
      return {
        line: at,
        text: "a value stands in this comment, which is not encrypted: remove it, or the # before it",
      };
  }
  return undefined;
}

function filled(
  original: string,
  edited: string,
  entries: readonly ValueEntry[],
  known: ReadonlyMap<string, ValueEntry>,
  armors: ReadonlyMap<string, string | null>,
): string {
  const lineBreak = lineBreakOf(edited);
  const fill = (pad: string | undefined): string =>
    withSlots(edited, entries, (entry) => {
      const armor = armors.get(entry.key);
      if (armor === null || armor === undefined) return undefined;
      const old = known.get(entry.key);
      const isSame =
        pad === undefined &&
        old?.value === armor &&
        old.indent === entry.indent &&
        old.comment === entry.comment;
      return isSame
        ? original.slice(old.slot.from, old.slot.to).replace(/(?<!\n)$/, lineBreak)
        : sealedSlot(armor, entry, lineBreak, pad);
    });
  // As it was written, where it can be; else anew, deep enough for the comments around it.
  const text = [undefined, ...pads].map(fill).find((one) => holds(one, armors));
  if (text === undefined) throw new Error("values that cannot be put back");
  return text;
}
