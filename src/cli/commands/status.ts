import { changesOf, type Plan } from "../../model/plan.ts";
import type { HeadStatus, StatusDocument } from "../../model/status.ts";
import { observeUpdates } from "../../observe/updates.ts";
import { jobsIn, jobStatuses, withLastLines } from "../../pass/jobs.ts";
import { appStatuses, certificateStatuses, machineStatuses } from "../../pass/status.ts";
import type { Revision } from "../../pass/revision.ts";
import { lastOutcome, wordBefore } from "../../pass/before.ts";
import type { World } from "../../pass/world.ts";
import { jsonText } from "../../report/json.ts";
import { statusText } from "../../report/status-text.ts";
import type { Survey } from "../../pass/survey.ts";
import type { Run } from "../command.ts";
import { exit } from "../exit.ts";
import { showRejected } from "../findings.ts";
import { lookFor, newestReadable, planOf } from "../look.ts";
import { whileSaying } from "../progress.ts";
import { silenceOf } from "../status-post.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context) => {
  const { io, options } = context;
  const { world, place, stateDir, close } = await openWorld(context, { unpushed: "ignore" });
  try {
    const { head, revision, world: bare } = await newestReadable(world);
    if (revision?.documents === undefined) return showRejected(context, head.findings);
    const { documents } = revision;
    const look = await whileSaying(context, "asking the machines", () => lookFor(bare, revision));
    const applied = await lastApplied(world, look);
    const trouble = await silenceOf({
      place,
      stateDir,
      setting: documents.settings.forge,
      ...(options.forgeToken === undefined ? {} : { token: options.forgeToken }),
      ...(options.forgeApi === undefined ? {} : { allowed: options.forgeApi }),
    });
    const updates = await pendingUpdates(world, look);
    const certificates = certificateStatuses(look.observations);
    const found = jobStatuses(jobsIn(documents, look.observations), world.clock.now());
    const jobs = await withLastLines(world, documents, found);
    const status: StatusDocument = {
      version: 1,
      fleet: documents.fleet,
      ...(applied === undefined ? {} : { revision: applied }),
      head: await headStatus(world, head, look, isSame(head, revision)),
      ...(trouble === undefined ? {} : { forge: { trouble } }),
      machines: machineStatuses(look.observations, world.clock.now(), updates),
      apps: appStatuses(look.observations, documents, look.plan.held),
      ...(certificates.length === 0 ? {} : { certificates }),
      ...(jobs.length === 0 ? {} : { jobs }),
    };
    const columns = io.out.isTerminal ? { columns: io.out.columns } : {};
    io.out.write(
      options.json
        ? jsonText(status)
        : statusText(status, { now: world.clock.now(), colour: options.color.out, ...columns }),
    );
    return exit.done;
  } finally {
    await close();
  }
};

/** Only machines that answer are asked again. */
const pendingUpdates = async (
  { remote }: World,
  { targets, observations }: Survey,
): Promise<ReadonlyMap<string, number>> =>
  await observeUpdates(
    remote,
    [...targets.values()].filter(({ machine }) => observations.get(machine)?.facts !== undefined),
  );

const isSame = (one: Revision, other: Revision): boolean =>
  one.snapshot.revision === other.snapshot.revision;

async function headStatus(
  world: World,
  head: Revision,
  look: Survey,
  isLookedFor: boolean,
): Promise<HeadStatus> {
  const { revision } = head.snapshot;
  const noted = await lastOutcome(world, head.fleet, revision);
  // A clone without the note has been told by nobody; the machines remember.
  const outcome = (await wordBefore(world, head, noted, look))?.outcome;
  return {
    revision,
    subject: head.subject,
    ...(outcome === undefined ? {} : { outcome: outcome.outcome, text: outcome.text }),
    ...(isLookedFor ? pendingIn(planOf(look)) : {}),
  };
}

const pendingIn = (plan: Plan): Pick<HeadStatus, "pending" | "unknown"> => ({
  pending: changesOf(plan).length,
  ...(plan.unknown.length === 0 ? {} : { unknown: plan.unknown.length }),
});

const recentCommits = 50;

/** The newest revision that a machine says it has; which of several is newer, the branch tells. */
async function lastApplied(world: World, { inventories }: Survey): Promise<string | undefined> {
  const told = new Set([...inventories.values()].flatMap((i) => i.revision ?? []));
  if (told.size <= 1) return [...told][0];
  const recent = await world.source.recent(recentCommits);
  return recent.find(({ revision }) => told.has(revision))?.revision ?? [...told][0];
}
