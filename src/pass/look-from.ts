import { adoptedOn } from "../desired/adopted.ts";
import { placedJobs } from "../desired/jobs.ts";
import { namedOn } from "../desired/settings.ts";
import { kinds } from "../kinds/index.ts";
import type { Documents } from "../model/documents.ts";
import type { Observation } from "../model/observation.ts";
import { observeFleet } from "../observe/fleet.ts";
import type { Target } from "../remote/session.ts";
import { inventoriesOf } from "./contexts.ts";
import { withoutCopies } from "./copies.ts";
import { withCurrentNames, type Known } from "./families.ts";
import type { Former } from "./former.ts";
import type { Planned } from "./planning.ts";
import { digestsWith } from "./secrets.ts";
import { standingOf, type Standing } from "./standing.ts";
import type { SurveyRequest } from "./survey.ts";
import { targetsOf } from "./targets.ts";
import type { Trail } from "./trail.ts";
import type { World } from "./world.ts";

/** What was seen of all machines, and what is to stand on them. */
export interface LookedFrom {
  readonly standing: Standing;
  /** Where each machine that is to stand is reached. */
  readonly declared: ReadonlyMap<string, Target>;
  readonly known: Known;
  readonly trail: Trail;
}

/** Looks at HEAD's machines, which remember what was let through last, and then at those that only that has. */
export async function lookFrom(
  world: World,
  former: Former,
  request: SurveyRequest,
): Promise<LookedFrom> {
  const { documents: head, closures } = request;
  const ofHead = targetsOf(head);
  world.onTargets?.(ofHead, head.fleet);
  const seen = withoutCopies(
    await observeFleet(world, ofHead, kinds, head.fleet, namedBy(head)),
    head,
  );
  const remembered = inventoriesOf(seen);
  const links = await request.links(remembered);
  const known = withCurrentNames(head, seen, remembered, links);
  const trail = await request.trail(known.inventories);
  const { renames } = known;
  const secrets = digestsWith(former.secrets, world.secrets === "closed");
  const standing = await standingOf({ head, closures, trail, former, secrets, renames });
  if (standing.documents === head) return { standing, declared: ofHead, known, trail };
  const declared = targetsOf(standing.documents);
  const others = new Map([...declared].filter(([machine]) => !ofHead.has(machine)));
  if (others.size > 0) world.onTargets?.(declared, head.fleet);
  const left = await observeFleet(world, others, kinds, head.fleet, namedBy(standing.documents));
  const placed = new Map<string, Observation>(
    [...declared.keys()].flatMap((machine) => {
      const observation = seen.get(machine) ?? left.get(machine);
      return observation === undefined ? [] : [[machine, observation]];
    }),
  );
  return {
    standing,
    declared,
    known: withCurrentNames(standing.documents, placed, inventoriesOf(placed), links),
    trail,
  };
}

function namedBy({
  machines,
  apps,
}: Documents): (machine: string) => ReadonlyMap<string, readonly string[]> | undefined {
  const jobs = Map.groupBy(placedJobs([...apps.values()]), ({ machine }) => machine);
  const placed = adoptedOn([...apps.values()]);
  return (machine) => {
    const document = machines.get(machine);
    const named = (jobs.get(machine) ?? []).map(({ app, job }) => `${app.name}/${job}`);
    const adopted = placed.get(machine) ?? [];
    return (
      document && new Map([...namedOn(document), ["app/job", named], ["app/container", adopted]])
    );
  };
}

/** Nothing is tried again while it is closed. */
export const withoutRetries = (trail: Trail, closed: Standing["closed"]): Trail => ({
  ...trail,
  isRetried: (family, mark) => !closed.has(family) && trail.isRetried(family, mark),
});

/** A machine that the standing documents still have is not emptied, whatever HEAD allows. */
export async function toEmpty(
  trail: Trail,
  documents: Documents,
  request: SurveyRequest,
): Promise<ReadonlyMap<string, Target>> {
  const targets = await request.toEmpty(trail);
  return new Map([...targets].filter(([machine]) => !documents.machines.has(machine)));
}

/** Where nothing may be done nothing is asked for either. */
export const stillPlan = ({
  plan,
}: Planned): Pick<Planned, "plan" | "unresolved" | "awaiting"> => ({
  plan: {
    ...plan,
    settings: [],
    machines: [],
    groundTrials: [],
    trials: [],
    lastTrials: [],
    rollouts: [],
    cleanup: [],
    afterwards: [],
    reboots: [],
    unknown: [],
    awaiting: [],
  },
  unresolved: new Map(),
  awaiting: [],
});
