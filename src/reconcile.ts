import type { Applied } from "./apply/apply.ts";
import { digestOf } from "./lib/hash.ts";
import type { RevisionOutcome } from "./model/outcome.ts";
import { changesOf, type Plan } from "./model/plan.ts";
import { refused, rejected, summed, type PassSoFar } from "./pass/endings.ts";
import { formerRevisions } from "./pass/former.ts";
import { openHolds, type Holds } from "./pass/holds.ts";
import { judge } from "./pass/judge.ts";
import { applyLook, lookWith } from "./pass/look.ts";
import { machinesToRecord, recordEnding } from "./pass/record.ts";
import { readRevision } from "./pass/revision.ts";
import type { Survey } from "./pass/survey.ts";
import { lastOutcome, rememberedOutcome } from "./pass/trail.ts";
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
    const ending = await converge({ world, request, revision, started, holds }, noted);
    const { outcome, before } = ending;
    // Told to stop half-way is no outcome: the next controller finishes and tells.
    if (request.preempt.reason === "stop" && outcome.outcome !== "applied") return outcome;
    if (isAnothers(outcome)) return outcome;
    // What was said of an older revision stands: looking at it again does not change what became of it.
    if (ending.isRefused === true && before !== undefined) return outcome;
    const isVerdict = before === undefined || before.outcome !== outcome.outcome;
    await remember(world, holds, ending, isVerdict || outcome.changes > 0);
    if (isVerdict) await world.reporter.ended(outcome, true);
    else if (request.cause === "commit") await world.reporter.ended(before, false);
    world.listener({ type: "outcome", outcome });
    return outcome;
  } finally {
    await holds.release();
  }
}

/** Who holds the machines, or has taken them since, tells what came of it. */
const isAnothers = ({ troubles }: RevisionOutcome): boolean =>
  troubles.some((t) => t.class === "fenced") ||
  (troubles.length > 0 && troubles.every((t) => t.class === "locked"));

interface Converged {
  readonly outcome: RevisionOutcome;
  readonly look?: Survey;
  /** What came of this revision before, by the ledger or by the machines. */
  readonly before?: RevisionOutcome;
  readonly isRefused?: boolean;
}

interface Pass extends PassSoFar {
  readonly holds: Holds;
}

async function converge(pass: Pass, noted: RevisionOutcome | undefined): Promise<Converged> {
  const { world, request, revision, started, holds } = pass;
  const { documents } = revision;
  if (documents === undefined) return { outcome: rejected(pass), ...known(noted) };
  const former = formerRevisions(world, revision.snapshot);
  const look = await lookWith(world, request, revision, former, started);
  let found = await look();
  const before = noted ?? (await rememberedOutcome(world, found, documents));
  if (found.trail.refusal !== undefined)
    return { outcome: refused(pass, found.trail.refusal), isRefused: true, ...known(before) };
  if (before === undefined) await world.reporter.started(documents.fleet, documents.revision);
  const applied: Applied[] = [];
  const tried = new Set<string>();
  for (let round = 1; round <= roundLimit && hasNews(found.plan, tried); round++) {
    const unheld = machinesOf(found.plan).filter((machine) => !holds.taken.has(machine));
    await holds.take(unheld, found.targets);
    // What was seen before the lock may be another controller's work half done.
    if (unheld.length > 0) found = await look();
    for (const key of keysOf(found.plan)) tried.add(key);
    world.listener({
      type: "planned",
      revision: documents.revision,
      changes: changesOf(found.plan).length,
    });
    applied.push(await applyLook(world, request, found, holds, former));
    found = await look();
    if (request.preempt.aborted) break;
  }
  const verdict = judge({
    revision: documents.revision,
    families: found.families.map((f) => ({ ...f, imageDigests: [...new Set(f.images.values())] })),
    last: found.plan,
    applied,
    observed: [...[...found.observations.values()].flatMap((o) => o.troubles), ...holds.troubles],
    unresolved: found.unresolved,
    ...(request.preempt.aborted ? { supersededBy: String(request.preempt.reason) } : {}),
  });
  return { outcome: summed(pass, verdict, found.plan, applied), look: found, ...known(before) };
}

const known = (before: RevisionOutcome | undefined): Pick<Converged, "before"> =>
  before === undefined ? {} : { before };

/** Writes marks, the revision and history on the machines. */
async function remember(
  world: World,
  holds: Holds,
  { outcome, look }: Converged,
  isNews: boolean,
): Promise<void> {
  if (look === undefined) return;
  const at = new Date(world.clock.now()).toISOString();
  const ending = { look, outcome, isNews, at };
  await holds.take(machinesToRecord(ending), look.targets);
  await recordEnding({ ...ending, holds });
}

const machinesOf = (plan: Plan): readonly string[] => [
  ...new Set(changesOf(plan).map((c) => c.machine)),
];

const keysOf = (plan: Plan): readonly string[] =>
  changesOf(plan).map((c) => digestOf({ address: c.address, steps: c.steps }));

/** A plan that only repeats what was tried is not tried again in the same pass. */
const hasNews = (plan: Plan, tried: ReadonlySet<string>): boolean =>
  keysOf(plan).some((key) => !tried.has(key));
