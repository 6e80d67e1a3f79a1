import { applyPlan, type Applied } from "./apply/apply.ts";
import { digestOf } from "./lib/hash.ts";
import type { RevisionOutcome, Trouble } from "./model/outcome.ts";
import { changesOf, type Plan } from "./model/plan.ts";
import { refused, rejected, summed } from "./pass/endings.ts";
import { formerRevisions, type Former } from "./pass/former.ts";
import { openHolds, type Holds } from "./pass/holds.ts";
import { judge } from "./pass/judge.ts";
import { machinesToRecord, recordEnding, recordFailure, recordReleased } from "./pass/record.ts";
import { readRevision, type Revision } from "./pass/revision.ts";
import { survey, type Survey } from "./pass/survey.ts";
import { lastOutcome, readTrail, wasApplied } from "./pass/trail.ts";
import type { Request, World } from "./pass/world.ts";

/** A pass looks again after each round of changes; what has not settled by then is told as it is. */
const roundLimit = 6;

/** One pass: git → source → load → desired → observe → plan → apply → report. */
export async function reconcile(world: World, request: Request): Promise<RevisionOutcome> {
  const started = world.clock.now();
  const revision = await readRevision(world, request.revision);
  const before = await lastOutcome(world, revision.snapshot.revision);
  const ending = await converge(world, request, revision, started, before);
  const isNews =
    before === undefined || before.outcome !== ending.outcome.outcome || ending.outcome.changes > 0;
  await remember(world, ending, isNews);
  if (isNews) await world.reporter.ended(ending.outcome);
  world.listener({ type: "outcome", outcome: ending.outcome });
  return ending.outcome;
}

interface Converged {
  readonly outcome: RevisionOutcome;
  readonly look?: Survey;
  readonly holds?: Holds;
}

async function converge(
  world: World,
  request: Request,
  revision: Revision,
  started: number,
  before: RevisionOutcome | undefined,
): Promise<Converged> {
  const pass = { world, request, revision, started };
  const { documents } = revision;
  if (documents === undefined) return { outcome: rejected(pass) };
  if (before === undefined) await world.reporter.started(documents.fleet, documents.revision);
  const former = formerRevisions(world, revision.snapshot);
  const look = await lookWith(world, request, revision, former, started);
  let found = await look();
  if (found.trail.refusal !== undefined)
    return { outcome: refused(pass, found.trail.refusal), look: found };
  const holds = openHolds(world, documents);
  const applied: Applied[] = [];
  const tried = new Set<string>();
  for (let round = 1; round <= roundLimit && hasNews(found.plan, tried); round++) {
    const unheld = machinesOf(found.plan).filter((machine) => !holds.taken.has(machine));
    await holds.take(unheld);
    // What was seen before the lock may be another controller's work half done.
    if (unheld.length > 0) found = await look();
    for (const key of keysOf(found.plan)) tried.add(key);
    world.listener({
      type: "planned",
      revision: documents.revision,
      changes: changesOf(found.plan).length,
    });
    applied.push(await apply(world, request, found, holds, former));
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
    preempted: request.preempt.aborted,
  });
  return {
    outcome: summed(pass, documents.fleet, verdict, found.plan, applied),
    look: found,
    holds,
  };
}

/** One look after another within a pass asks images, trailers and former revisions only once. */
async function lookWith(
  world: World,
  request: Request,
  revision: Revision,
  former: Former,
  started: number,
): Promise<() => Promise<Survey>> {
  const { documents } = revision;
  if (documents === undefined) throw new Error("a rejected revision is not looked at");
  const asked = new Map<string, Promise<string | Trouble>>();
  const startedAt = new Date(started).toISOString();
  let trail: ReturnType<typeof readTrail> | undefined;
  let restores: boolean | undefined;
  return async () => {
    const ask = async (): Promise<Survey> =>
      await survey(world, former, {
        documents,
        trail: (inventories) =>
          (trail ??= readTrail(world, request, documents.revision, inventories, startedAt)),
        restores: restores === true,
        looksAgain: request.cause !== "drift",
        asked,
        suspended: request.suspended ?? new Set(),
      });
    const found = await ask();
    if (restores !== undefined || !found.plan.held.some((h) => h.code === "guard")) return found;
    restores = await wasApplied(world, revision.tree, documents.revision);
    return restores ? await ask() : found;
  };
}

async function apply(
  world: World,
  request: Request,
  look: Survey,
  holds: Holds,
  former: Former,
): Promise<Applied> {
  return await applyPlan(look.plan, {
    holds: holds.taken,
    clock: world.clock,
    listener: world.listener,
    preempt: request.preempt,
    content: (blob) => former.content(blob),
    onAppFailure: async (name, failure) => {
      const family = look.families.find((f) => f.family === name);
      const at = new Date(world.clock.now()).toISOString();
      if (family === undefined || family.decision.state !== "go") return;
      await recordFailure(holds.taken, family, look.plan.revision, failure, at);
    },
    onRelease: (change) => recordReleased(holds.taken, change, look),
  });
}

/** Writes marks and history on the machines; releases every lock. */
async function remember(
  world: World,
  { outcome, look, holds }: Converged,
  isNews: boolean,
): Promise<void> {
  if (look === undefined || holds === undefined) return;
  try {
    const at = new Date(world.clock.now()).toISOString();
    await holds.take(machinesToRecord({ look, outcome, isNews, at }));
    await recordEnding({ holds, look, outcome, isNews, at });
  } finally {
    await holds.release();
  }
}

const machinesOf = (plan: Plan): readonly string[] => [
  ...new Set(changesOf(plan).map((c) => c.machine)),
];

const keysOf = (plan: Plan): readonly string[] =>
  changesOf(plan).map((c) => digestOf({ address: c.address, steps: c.steps }));

/** A plan that only repeats what was tried is not tried again in the same pass. */
const hasNews = (plan: Plan, tried: ReadonlySet<string>): boolean =>
  keysOf(plan).some((key) => !tried.has(key));
