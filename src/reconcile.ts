import type { Applied } from "./apply/applied.ts";
import { orAbort } from "./lib/deadline.ts";
import { stopOf, unlessStopped } from "./lib/stopped.ts";
import type { Documents } from "./model/documents.ts";
import type { RevisionOutcome } from "./model/outcome.ts";
import { changesOf } from "./model/plan.ts";
import { lastOutcome, wordBefore, type Before } from "./pass/before.ts";
import { refused, rejected, stopped, summed, type PassSoFar } from "./pass/endings.ts";
import { formerRevisions } from "./pass/former.ts";
import { openHolds, type Holds } from "./pass/holds.ts";
import { judgeLook } from "./pass/judge.ts";
import { applyLook, lookWith, type Look } from "./pass/look.ts";
import { familiesOf, hasNews, keysOf, machinesOf } from "./pass/news.ts";
import { machinesToRecord } from "./pass/record.ts";
import { redactedOutcome } from "./pass/redact.ts";
import { readRevision, type Revision } from "./pass/revision.ts";
import { redactor } from "./pass/secrets.ts";
import { endingOf, tell, type Told } from "./pass/tell.ts";
import type { Request, World } from "./pass/world.ts";

/** A pass looks again after each round of changes; what has not settled by then is told as it is. */
const roundLimit = 8;
/** Before a machine is rebooted, and after it, and then it is proven; and those that wait for others come after them. */
const roundsForEach = 3;

const roundsFor = ({ machines }: Documents): number =>
  [...machines.values()].filter(({ fields }) => fields.reboot !== undefined || fields.after?.length)
    .length *
    roundsForEach +
  roundLimit;

/**
 * One pass: git → source → load → desired → observe → plan → apply → report. Throws SourceError, and Stopped where it was
 * told to stop before it had said or done anything.
 */
export async function reconcile(world: World, request: Request): Promise<RevisionOutcome> {
  const started = world.clock.now();
  const stop = stopOf(request.preempt);
  const revision = await orAbort(readRevision(world, request.revision), stop);
  const last = lastOutcome(world, revision.fleet, revision.snapshot.revision);
  const noted = await orAbort(last, stop);
  const holds = openHolds(world, revision.fleet, stop);
  try {
    const pass = { world, request, revision, started, holds, stop };
    const ended = await converge(pass, noted);
    const outcome = redactedOutcome(ended.outcome, redactor(world));
    const ending = { ...ended, outcome };
    const { before } = ending;
    if (isStopped(pass, ending)) {
      // Half-way is no outcome, the next controller finishes and tells; but nothing is left pending.
      const left = stopped(outcome);
      if (before === undefined) await world.reporter.ended(left, false);
      return left;
    }
    if (isAnothers(outcome)) return outcome;
    // What was said of an older revision stands: looking at it again does not change what became of it.
    if (ending.isRefused === true && ending.before !== undefined) return outcome;
    await tell(pass, ending);
    world.listener({ type: "outcome", outcome });
    return outcome;
  } finally {
    await holds.release();
  }
}

/** Told to stop before its end. */
const isStopped = ({ stop }: Pass, { look, outcome }: Converged): boolean =>
  stop.aborted && look !== undefined && outcome.outcome !== "applied";

/** Who holds the machines, or has taken them since, tells what came of it. */
const isAnothers = ({ troubles }: RevisionOutcome): boolean =>
  troubles.some((t) => t.class === "fenced") ||
  (troubles.length > 0 && troubles.every((t) => t.class === "locked"));

interface Converged extends Told {
  readonly isRefused?: boolean;
}

interface Pass extends PassSoFar {
  readonly holds: Holds;
  readonly stop: AbortSignal;
}

async function converge(pass: Pass, noted: RevisionOutcome | undefined): Promise<Converged> {
  const { world, request, revision, started, holds, stop } = pass;
  const { documents } = revision;
  if (documents === undefined)
    return {
      outcome: rejected(pass),
      isRefused: isOnlyClosed(revision),
      ...known(await wordBefore(world, revision, noted)),
    };
  const former = formerRevisions(world, revision);
  const look = await lookWith(world, request, revision, former, started);
  let found = await orAbort(look(), stop);
  const before = await wordBefore(world, revision, noted, found);
  if (found.trail.refusal !== undefined)
    return { outcome: refused(pass, found.trail.refusal), isRefused: true, ...known(before) };
  if (before === undefined)
    await world.reporter.started(documents.fleet, documents.revision, familiesOf(found.plan));
  const applied: Applied[] = [];
  const tried = new Set<string>();
  const asked = new Set<string>();
  const rounds = roundsFor(documents);
  const settle = async (): Promise<Converged> => {
    while (applied.length < rounds && hasNews(found.plan, tried)) {
      const unheld = machinesOf(found.plan, isReachedIn(found)).filter(
        (machine) => !holds.taken.has(machine),
      );
      await holds.take(unheld, found);
      // What was seen before the lock may be another controller's work half done.
      if (unheld.length > 0) found = await unlessStopped(look(), stop, found);
      if (stop.aborted) break;
      for (const machine of unheld) asked.add(machine);
      // What only the second look found waits for its machine's lock, which the next round takes.
      for (const key of keysOf(found.plan, (machine) => asked.has(machine))) tried.add(key);
      const changes = changesOf(found.plan).length;
      world.listener({ type: "planned", revision: documents.revision, changes });
      applied.push(await applyLook(world, request, found, holds, former));
      found = await look();
      if (request.preempt.aborted) break;
    }
    const verdict = judgeLook(found, { request, revision: documents.revision, applied, holds });
    const outcome = summed(pass, verdict, found, applied);
    return { outcome, look: found, ...known(before) };
  };
  const ending = await settle();
  if (isStopped(pass, ending) || isAnothers(ending.outcome)) return ending;
  // Nor is it to be told when only the record needs a lock.
  const recorded = machinesToRecord(endingOf(pass, found, ending.outcome, before));
  if (!(await holds.take(recorded, found))) return ending;
  found = await unlessStopped(look(), stop, found);
  return await settle();
}

const isReachedIn =
  ({ observations }: Look) =>
  (machine: string): boolean =>
    observations.get(machine)?.facts !== undefined;

/** Nothing is wrong with it but that it does not open for this controller: what one that has the key said of it stands. */
const isOnlyClosed = ({ findings }: Revision): boolean =>
  findings.filter(({ severity }) => severity === "error").every(({ code }) => closed.has(code));

const closed: ReadonlySet<string> = new Set(["secret-without-key", "secret-not-for-us"]);

const known = (before: Before | undefined): Pick<Converged, "before"> =>
  before === undefined ? {} : { before };
