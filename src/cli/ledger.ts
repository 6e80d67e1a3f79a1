import { noteWith, outcomesOfNote } from "../model/ledger.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import type { CommitInfo } from "../model/snapshot.ts";
import { readHistories } from "../observe/history.ts";
import { targetsOf } from "../pass/targets.ts";
import type { World } from "../pass/world.ts";
import type { Documents } from "../model/documents.ts";
import type { NoteWritten } from "../source/source.ts";

/** One commit of the branch, and what came of it where that is known. */
export interface LedgerEntry {
  readonly commit: CommitInfo;
  readonly outcome?: RevisionOutcome;
}

/** The newest commits with this fleet's notes, newest first. */
export async function readLedger(
  world: World,
  fleet: string,
  limit: number,
): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (const commit of await world.source.recent(limit)) {
    const outcomes = outcomesOfNote(await world.source.readNote(commit.revision));
    const outcome = outcomes.find((one) => one.fleet === fleet);
    entries.push({ commit, ...(outcome === undefined ? {} : { outcome }) });
  }
  return entries;
}

export interface Remembered {
  readonly entries: readonly LedgerEntry[];
  /** Commits whose outcome only the machines knew. */
  readonly found: readonly RevisionOutcome[];
  /** Machines that could not be asked, in words. */
  readonly troubles: readonly string[];
}

/** Fills in what only the machines remember. */
export async function withMachines(
  world: World,
  documents: Documents,
  entries: readonly LedgerEntry[],
): Promise<Remembered> {
  const { outcomes, troubles } = await readHistories(
    world.remote,
    targetsOf(documents),
    documents.fleet,
  );
  const newest = new Map(outcomes.toReversed().map((outcome) => [outcome.revision, outcome]));
  const filled = entries.map((entry) => {
    const outcome = entry.outcome ?? newest.get(entry.commit.revision);
    return { commit: entry.commit, ...(outcome === undefined ? {} : { outcome }) };
  });
  const found = entries.flatMap((entry) =>
    entry.outcome === undefined ? (newest.get(entry.commit.revision) ?? []) : [],
  );
  return { entries: filled, found, troubles: troubles.map((t) => `${t.machine}: ${t.text}`) };
}

/** Writes the notes that commits lack. */
export async function writeBack(
  { source }: World,
  outcomes: readonly RevisionOutcome[],
): Promise<NoteWritten> {
  return await source.writeNotes(
    new Map(
      outcomes.map((outcome) => [outcome.revision, (before) => noteWith(before, outcome)] as const),
    ),
  );
}
