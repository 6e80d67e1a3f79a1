import type { Applied } from "./apply/apply.ts";
import type { RevisionOutcome } from "./model/outcome.ts";
import { changesOf } from "./model/plan.ts";
import { lastOutcome, wordBefore, wordByNow, type Before } from "./pass/before.ts";
import { refused, rejected, summed, type PassSoFar } from "./pass/endings.ts";
import { formerRevisions } from "./pass/former.ts";
import { openHolds, type Holds } from "./pass/holds.ts";
import { judgeLook } from "./pass/judge.ts";
import { applyLook, lookWith } from "./pass/look.ts";
import { familiesOf, hasNews, keysOf, machinesOf } from "./pass/news.ts";
import { machinesToRecord, recordEnding, type Ending } from "./pass/record.ts";
import { readRevision } from "./pass/revision.ts";
import type { Survey } from "./pass/survey.ts";
import type { Request, World } from "./pass/world.ts";

/** A pass looks again after each round of changes; what has not settled by then is told as it is. */
const roundLimit = 6;

/** One pass: git → source → load → desired → observe → plan → apply → report. */
export async function reconcile(world: World, request: Request): Promise<RevisionOutcome> {
  const started = world.clock.now();
  const revision = await readRevision(world, request.revision);
  const noted = await lastOutcome(world, revision.fleet, revision.snapshot.revision);
  const holds = openHolds(world, revision.fleet);
  try {
    const pass = { world, request, revision, started, holds };
    const ending = await converge(pass, noted);
    const { outcome } = ending;
    if (isStopped(pass, outcome) || isAnothers(outcome)) return outcome;
    // What was said of an older revision stands: looking at it again does not change what became of it.
    if (ending.isRefused === true && ending.before !== undefined) return outcome;
    await tell(pass, ending);
    world.listener({ type: "outcome", outcome });
    return outcome;
  } finally {
    await holds.release();
  }
}

/** Told to stop half-way is no outcome: the next controller finishes and tells. */
const isStopped = ({ request }: Pass, { outcome }: RevisionOutcome): boolean =>
  request.preempt.reason === "stop" && outcome !== "applied";

/** Who holds the machines, or has taken them since, tells what came of it. */
const isAnothers = ({ troubles }: RevisionOutcome): boolean =>
  troubles.some((t) => t.class === "fenced") ||
  (troubles.length > 0 && troubles.every((t) => t.class === "locked"));

interface Converged {
  readonly outcome: RevisionOutcome;
  readonly look?: Survey;
  readonly before?: Before;
  readonly isRefused?: boolean;
}

interface Pass extends PassSoFar {
  readonly holds: Holds;
}

async function converge(pass: Pass, noted: RevisionOutcome | undefined): Promise<Converged> {
  const { world, request, revision, started, holds } = pass;
  const { documents } = revision;
  if (documents === undefined)
    return { outcome: rejected(pass), ...known(await wordBefore(world, revision, noted)) };
  const former = formerRevisions(world, revision.snapshot);
  const look = await lookWith(world, request, revision, former, started);
  let found = await look();
  const before = await wordBefore(world, revision, noted, found);
  if (found.trail.refusal !== undefined)
    return { outcome: refused(pass, found.trail.refusal), isRefused: true, ...known(before) };
  if (before === undefined)
    await world.reporter.started(documents.fleet, documents.revision, familiesOf(found.plan));
  const applied: Applied[] = [];
  const tried = new Set<string>();
  const settle = async (): Promise<Converged> => {
    while (applied.length < roundLimit && hasNews(found.plan, tried)) {
      const unheld = machinesOf(found.plan).filter((machine) => !holds.taken.has(machine));
      await holds.take(unheld, found);
      // What was seen before the lock may be another controller's work half done.
      if (unheld.length > 0) found = await look();
      for (const key of keysOf(found.plan)) tried.add(key);
      const changes = changesOf(found.plan).length;
      world.listener({ type: "planned", revision: documents.revision, changes });
      applied.push(await applyLook(world, request, found, holds, former));
      found = await look();
      if (request.preempt.aborted) break;
    }
    const verdict = judgeLook(found, { request, revision: documents.revision, applied, holds });
    const outcome = summed(pass, verdict, found.plan, applied);
    return { outcome, look: found, ...known(before) };
  };
  const ending = await settle();
  if (isStopped(pass, ending.outcome) || isAnothers(ending.outcome)) return ending;
  // Nor is it to be told when only the record needs a lock.
  const recorded = machinesToRecord(endingOf(pass, found, ending.outcome, before));
  if (!(await holds.take(recorded, found))) return ending;
  found = await look();
  return await settle();
}

const known = (before: Before | undefined): Pick<Converged, "before"> =>
  before === undefined ? {} : { before };

/** Marks, the revision and history on the machines first, which wait for no server; then the ledger and the forge. */
async function tell(pass: Pass, ending: Converged): Promise<void> {
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
  pass: Pass,
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

const endingOf = (
  { world }: Pass,
  look: Survey,
  outcome: RevisionOutcome,
  before: Before | undefined,
): Omit<Ending, "holds"> => ({
  look,
  outcome,
  isNews: isVerdict(outcome, before) || outcome.changes > 0,
  at: new Date(world.clock.now()).toISOString(),
});
