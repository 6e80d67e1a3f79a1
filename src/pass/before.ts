import { lastWord, outcomesOfNote } from "../model/ledger.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { readHistories } from "../observe/history.ts";
import { SourceError } from "../source/source.ts";
import type { Seen } from "./holds.ts";
import type { Revision } from "./revision.ts";
import type { World } from "./world.ts";

/** What came of a revision before this pass. */
export interface Before {
  readonly outcome: RevisionOutcome;
  /** By the ledger; else only the machines remember it. */
  readonly isNoted: boolean;
}

/** The ledger's last word on a revision of this fleet. */
export async function lastOutcome(
  world: World,
  fleet: string,
  revision: string,
  again?: "again",
): Promise<RevisionOutcome | undefined> {
  const outcomes = outcomesOfNote(await world.source.readNote(revision, again));
  return outcomes.find((outcome) => outcome.fleet === fleet);
}

/** The ledger's last word, else that of the machines which have this revision, where a look saw any. */
export async function wordBefore(
  world: World,
  { fleet, snapshot }: Revision,
  noted: RevisionOutcome | undefined,
  look?: Seen,
): Promise<Before | undefined> {
  if (noted !== undefined) return { outcome: noted, isNoted: true };
  const { revision } = snapshot;
  const targets = new Map(
    [...(look?.targets ?? [])].filter(
      ([machine]) => look?.inventories.get(machine)?.revision === revision,
    ),
  );
  if (targets.size === 0) return undefined;
  const { outcomes } = await readHistories(world.remote, targets, fleet, revision);
  const outcome = lastWord(outcomes);
  return outcome === undefined ? undefined : { outcome, isNoted: false };
}

/** What the ledger says by now, since another controller may have told; as we knew it where that cannot be asked. */
export async function wordByNow(
  world: World,
  { fleet, snapshot }: Revision,
  known: Before | undefined,
): Promise<Before | undefined> {
  try {
    const outcome = await lastOutcome(world, fleet, snapshot.revision, "again");
    return outcome === undefined ? known : { outcome, isNoted: true };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return known;
  }
}
