import { parseOutcome, type RevisionOutcome } from "./outcome.ts";

/**
 * The note on a commit: the outcome as a JSON document, or where several fleets (environments) of one repo deploy
 * it, a list of one for each.
 */
export function outcomesOfNote(note: string | undefined): readonly RevisionOutcome[] {
  if (note === undefined) return [];
  return membersOf(note).flatMap((member) => parseOutcome(JSON.stringify(member)) ?? []);
}

/** The note with this fleet's outcome in it, in place of the one before. */
export function noteWith(note: string | undefined, outcome: RevisionOutcome): string {
  const others = outcomesOfNote(note).filter(({ fleet }) => fleet !== outcome.fleet);
  const all = [...others, outcome].toSorted((a, b) => (a.fleet < b.fleet ? -1 : 1));
  return `${JSON.stringify(all.length === 1 ? outcome : all, null, 2)}\n`;
}

/**
 * Two notes that were written over the same one before: fleet by fleet what changed, and where both speak of one, the
 * later pass. What is no note of ours gives way.
 */
export function mergedNote(base: string | undefined, ours: string, theirs: string): string {
  const before = new Set(outcomesOfNote(base).map((outcome) => JSON.stringify(outcome)));
  const said = outcomesOfNote(theirs);
  if (said.length === 0) return ours;
  const isNews = (mine: RevisionOutcome): boolean => {
    const other = said.find(({ fleet }) => fleet === mine.fleet);
    return (
      !before.has(JSON.stringify(mine)) &&
      (other === undefined ||
        before.has(JSON.stringify(other)) ||
        other.startedAt <= mine.startedAt)
    );
  };
  return outcomesOfNote(ours).filter(isNews).reduce<string>(noteWith, theirs);
}

/**
 * What the ledger had said of a revision, from the records of its passes, newest first: healing and looking again leave
 * the word standing that the first pass with the last outcome gave.
 */
export function lastWord(records: readonly RevisionOutcome[]): RevisionOutcome | undefined {
  const change = records.findIndex(({ outcome }) => outcome !== records[0]?.outcome);
  return records[(change < 0 ? records.length : change) - 1];
}

function membersOf(note: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(note);
    return Array.isArray(value) ? (value as readonly unknown[]) : [value];
  } catch {
    return [];
  }
}
