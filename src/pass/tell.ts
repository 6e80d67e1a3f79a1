import type { RevisionOutcome } from "../model/outcome.ts";
import { wordBefore, wordByNow, type Before } from "./before.ts";
import type { PassSoFar } from "./endings.ts";
import type { Holds } from "./holds.ts";
import { machinesToRecord, recordEnding, type Ending } from "./record.ts";
import type { Survey } from "./survey.ts";

interface Telling extends PassSoFar {
  readonly holds: Holds;
}

/** How a pass ended, and what was known of its revision before. */
export interface Told {
  readonly outcome: RevisionOutcome;
  readonly look?: Survey;
  readonly before?: Before;
}

/** Marks, the revision and history on the machines first, which wait for no server; then the ledger and the forge. */
export async function tell(pass: Telling, ending: Told): Promise<void> {
  const { world, request, revision } = pass;
  const { outcome, look, before } = ending;
  const held =
    look && isVerdict(outcome, before)
      ? await wordBefore(world, revision, undefined, look)
      : undefined;
  const known = held ?? before;
  if (look !== undefined) await record(pass, look, outcome, known);
  const by = isVerdict(outcome, known) ? await wordByNow(world, revision, known) : known;
  if (by === undefined || isVerdict(outcome, by)) return await world.reporter.ended(outcome, true);
  const isLost = !by.isNoted || before === undefined;
  if (isLost || request.cause !== "drift") await world.reporter.ended(by.outcome, !by.isNoted);
}

async function record(
  pass: Telling,
  look: Survey,
  outcome: RevisionOutcome,
  before: Before | undefined,
): Promise<void> {
  const ending = endingOf(pass, look, outcome, before);
  await pass.holds.take(machinesToRecord(ending), look);
  await recordEnding({ ...ending, holds: pass.holds });
}

/** What came of the revision is another thing than before. */
const isVerdict = (outcome: RevisionOutcome, before: Before | undefined): boolean =>
  before?.outcome.outcome !== outcome.outcome;

export const endingOf = (
  { world }: Telling,
  look: Survey,
  outcome: RevisionOutcome,
  before: Before | undefined,
): Omit<Ending, "holds"> => ({
  look,
  outcome,
  isNews: isVerdict(outcome, before) || outcome.changes > 0,
  at: new Date(world.clock.now()).toISOString(),
});
