import { familyDeclared, familyOwnInput, machinesOf, membersOf } from "../desired/effective.ts";
import { fieldsOn, imageTextsOf, instancesOn } from "../desired/names.ts";
import { kinds } from "../kinds/index.ts";
import type { Address } from "../model/address.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { imageKey, type ImageReferences } from "../model/image.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Held, Plan } from "../model/plan.ts";
import type { Closures } from "../plan/closed.ts";
import type { Resource } from "../model/resource.ts";
import { observeFleet } from "../observe/fleet.ts";
import type { Target } from "../remote/session.ts";
import type { Decision } from "../plan/marks.ts";
import { policiesOf } from "../plan/policy.ts";
import type { Links, Renames } from "../plan/renames.ts";
import { keptVolumes } from "./contexts.ts";
import {
  decideAll,
  inputDigests,
  retriedFamilies,
  returnRevisions,
  withoutLost,
} from "./decisions.ts";
import type { Former } from "./former.ts";
import { lookFrom, stillPlan, toEmpty, withoutRetries } from "./look-from.ts";
import { planOn, type Ground } from "./planning.ts";
import type { Meanings } from "./reverts.ts";
import { digestsWith } from "./secrets.ts";
import { loginsOf } from "./logins.ts";
import type { ResolvedImages } from "../observe/images.ts";
import { settleImages } from "./settle.ts";
import { withRetries, type Standing } from "./standing.ts";
import type { Trail } from "./trail.ts";
import { isUnchangedOn, waitingFamilies } from "./waiting.ts";
import type { World } from "./world.ts";

/** What one look at the fleet found, and what follows from it. */
export interface Survey {
  /** Where each machine that was looked at is reached. */
  readonly targets: ReadonlyMap<string, Target>;
  /** By the names that families have now. */
  readonly observations: ReadonlyMap<string, Observation>;
  readonly inventories: ReadonlyMap<string, Inventory>;
  readonly families: readonly FamilySurvey[];
  /** The apps that are to run: HEAD's, or of a family that is held those of its good revision. */
  readonly apps: readonly AppDocument[];
  readonly resources: readonly Resource[];
  readonly plan: Plan;
  /** Families whose image nobody can name, with why. */
  readonly unresolved: ReadonlyMap<string, Trouble>;
  /** Addresses of volumes that are there and that nobody declares. */
  readonly keptVolumes: ReadonlySet<string>;
  readonly trail: Trail;
  readonly renames: Renames;
  readonly standing: Standing;
}

export interface FamilySurvey {
  readonly family: string;
  readonly machines: readonly string[];
  readonly decision: Decision;
  /** Digest of HEAD's input under a machine's key. */
  inputDigest(machine: string): string | undefined;
  /** The same without what it is `after`. */
  ownDigest(machine: string): string | undefined;
  /** Image text → reference, of what is to run. */
  readonly images: ReadonlyMap<string, string>;
  /** Digest of what HEAD declares of it, images by their texts. */
  readonly declared: string;
  /** What a part of it still waits for. */
  readonly awaiting?: string;
  /** It is declared to run nowhere: stopped, or without instances. */
  readonly isIdle?: boolean;
  /** It waits for another, and is kept up at what ran last meanwhile. */
  readonly isKept?: true;
  /** What keeps HEAD's form of it back: a freeze or a pause. */
  readonly heldBy?: Held;
}

export interface SurveyRequest {
  readonly documents: Documents;
  /** What lies between the last applied revisions and this one; asked once per pass. */
  readonly trail: (inventories: ReadonlyMap<string, Inventory>) => Promise<Trail>;
  /** Renames between the last applied revisions and this one that no machine knows; asked once per pass. */
  readonly links: (inventories: ReadonlyMap<string, Inventory>) => Promise<Links>;
  /** What image texts mean in families that are reverted; asked once per pass. */
  readonly meanings: (inventories: ReadonlyMap<string, Inventory>) => Promise<Meanings>;
  /** Machines that are no longer declared and are to be emptied. */
  readonly toEmpty: (trail: Trail) => Promise<ReadonlyMap<string, Target>>;
  readonly restores: boolean;
  /** A new revision or an explicit wish: `pull: always` looks again. */
  readonly looksAgain: boolean;
  /** Remembers image questions within one pass. */
  readonly asked: Map<string, Promise<string | Trouble>>;
  readonly suspended: ReadonlySet<Address>;
  /** What freezes and pauses of HEAD keep back in this pass. */
  readonly closures: Closures;
  /** Nothing that waits for its time is planned. */
  readonly isTimeless: boolean;
}

/** Looks at all machines at once, settles images and failed marks, compiles and plans. Changes nothing. */
export async function survey(
  world: World,
  former: Former,
  request: SurveyRequest,
): Promise<Survey> {
  const stood = await lookFrom(world, former, request);
  const { declared, known } = stood;
  const { documents, closed } = stood.standing;
  const { inventories, renames } = known;
  const trail = withoutRetries(stood.trail, closed);
  const leaving = await toEmpty(trail, documents, request);
  const left = await observeFleet(world, leaving, kinds, documents.fleet);
  const observations = new Map([...known.observations, ...left]);
  const ofHead = [...documents.apps.values()];
  const then = await request.meanings(inventories);
  const loginOf = loginsOf(documents, former.secrets);
  const isClosed = world.secrets === "closed";
  const named = await settleImages(
    world,
    documents,
    ofHead,
    { inventories, observations },
    {
      ...request,
      loginOf,
      stays: (family) => closed.has(family),
      meant: (family) => (stood.standing.behind.has(family) ? undefined : then.get(family)),
    },
  );
  const head = isClosed ? withClosed(named, ofHead) : named;
  // A map that grows: what apps return to is opened later.
  const opened = digestsWith(former.secrets, isClosed);
  const digests = inputDigests(documents, observations, head.references, opened);
  const wished = decideAll(documents, inventories, digests, trail);
  const returned = await former.load(returnRevisions(wished), renames);
  const decisions = withoutLost(wished, returned);
  const standing = withRetries(stood.standing, retriedFamilies(decisions, stood.trail));
  const ownDigests = inputDigests(documents, observations, head.references, opened, familyOwnInput);
  const isLacking = (machine: string): boolean => observations.get(machine)?.lacks !== undefined;
  const waiting = waitingFamilies({
    policies: policiesOf(ofHead),
    decisions,
    isBarred: (family) =>
      head.unresolved.has(family) || machinesOf(membersOf(documents, family)).some(isLacking),
    isBehind: (family) => standing.behind.has(family),
    isUnchanged: (family) =>
      isUnchangedOn(family, machinesOf(membersOf(documents, family)), inventories, ownDigests),
  });
  const ground: Ground = {
    world,
    former,
    request,
    documents,
    known,
    observations,
    trail,
    head,
    loginOf,
    opened,
    digests,
    decisions,
    returned,
    waiting,
    standing,
  };
  const planned = await planOn(ground);
  const { apps, images, resources, kept } = planned;
  const { plan, unresolved, awaiting } = standing.isStill ? stillPlan(planned) : planned;
  const families = [...decisions].map(([family, decision]): FamilySurvey => {
    const running = apps.filter((a) => a.family === family);
    const awaited = awaiting.find((a) => a.family === family)?.on;
    return {
      family,
      decision,
      machines: machinesOf(running),
      inputDigest: (machine) => digests(machine, family),
      ownDigest: (machine) => ownDigests(machine, family),
      images: imagesOf(running, images),
      declared: familyDeclared(documents, family),
      ...(running.some(runsSomewhere) ? {} : { isIdle: true }),
      ...(awaited === undefined ? {} : { awaiting: awaited }),
      ...(kept.has(family) ? { isKept: true as const } : {}),
      ...heldBy(standing, family),
    };
  });
  return {
    targets: new Map([...declared, ...leaving]),
    observations,
    inventories,
    families: [...families, ...familiesNotYet(request.documents, standing)],
    apps,
    resources,
    plan,
    unresolved,
    keptVolumes: keptVolumes(observations, resources),
    trail,
    renames,
    standing,
  };
}

const heldBy = ({ behind }: Standing, family: string): Pick<FamilySurvey, "heldBy"> => {
  const held = behind.get(family);
  return held === undefined ? {} : { heldBy: held };
};

/** Families that are kept from running for the first time. */
const familiesNotYet = (head: Documents, standing: Standing): readonly FamilySurvey[] =>
  [...head.families.keys()]
    .filter((family) => !standing.documents.families.has(family))
    .map((family) => ({
      family,
      machines: [],
      decision: { state: "go" },
      inputDigest: () => undefined,
      ownDigest: () => undefined,
      images: new Map(),
      declared: familyDeclared(head, family),
      ...heldBy(standing, family),
    }));

/** Whether what has secrets is as declared nobody can say who opened none: it is not known, and stays as it is. */
const withClosed = (named: ResolvedImages, apps: readonly AppDocument[]): ResolvedImages => ({
  ...named,
  unresolved: new Map([
    ...named.unresolved,
    ...apps
      .filter(({ secrets }) => secrets.size > 0)
      .map(({ family, machines: [machine = ""] }) => [family, closedFor(machine)] as const),
  ]),
});

const closedFor = (machine: string): Trouble => ({
  machine,
  class: "access",
  text: "it has secrets, which are not opened without a key: whether it is as declared is not known",
});

const runsSomewhere = (app: AppDocument): boolean =>
  app.machines.some(
    (machine) => instancesOn(app, machine) > 0 && fieldsOn(app, machine).state !== "stopped",
  );

const imagesOf = (
  apps: readonly AppDocument[],
  images: ImageReferences,
): ReadonlyMap<string, string> =>
  new Map(
    apps.flatMap((app) =>
      [...imageTextsOf(app).keys()].flatMap((text) => {
        const reference = images.get(imageKey(app.name, text));
        return reference === undefined ? [] : [[text, reference] as const];
      }),
    ),
  );
