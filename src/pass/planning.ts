import { compile } from "../desired/compile.ts";
import { effectiveApps } from "../desired/effective.ts";
import type { SecretDigests } from "../desired/secrets.ts";
import type { Compiled, CompileInput } from "../desired/work.ts";
import { kinds } from "../kinds/index.ts";
import type { Address } from "../model/address.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import type { ImageReferences } from "../model/image.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import type { Resource } from "../model/resource.ts";
import type { LoginOf, ResolvedImages } from "../observe/images.ts";
import type { Closures } from "../plan/closed.ts";
import type { MachineOrder } from "../plan/machine-order.ts";
import { restingIn } from "../plan/reboots.ts";
import type { Decision } from "../plan/marks.ts";
import { policiesOf } from "../plan/policy.ts";
import { makePlan, type PlanInput } from "../plan/plan.ts";
import { withAwaited } from "./awaited.ts";
import { contextsOf, placeholders, releasedOf } from "./contexts.ts";
import {
  apartFamilies,
  frozenFamilies,
  givenUpFamilies,
  heldFamilies,
  settledFamilies,
  type InputDigests,
} from "./decisions.ts";
import type { Known } from "./families.ts";
import type { Former } from "./former.ts";
import { leavingFamilies, leavingPlaces } from "./leaving.ts";
import { settleImages, settleProxyImage } from "./settle.ts";
import type { Standing } from "./standing.ts";
import { guardedFamilies, lastRevisions, namelessFamilies, stayingApps } from "./staying.ts";
import type { Trail } from "./trail.ts";
import { keptPolicies, keptRevisions } from "./waiting.ts";
import type { World } from "./world.ts";

/** What a look has found out before it plans. */
export interface Ground {
  readonly world: World;
  readonly former: Former;
  readonly request: {
    readonly asked: Map<string, Promise<string | Trouble>>;
    readonly restores: boolean;
    readonly suspended: ReadonlySet<Address>;
    readonly closures: Closures;
    readonly isTimeless: boolean;
  };
  readonly documents: Documents;
  readonly known: Known;
  /** Those of machines that leave as well. */
  readonly observations: ReadonlyMap<string, Observation>;
  readonly trail: Trail;
  /** What image texts mean at HEAD. */
  readonly head: ResolvedImages;
  readonly loginOf: LoginOf;
  /** Of all secrets that were opened, those of former revisions too once these are loaded. */
  readonly opened: SecretDigests;
  readonly digests: InputDigests;
  readonly decisions: ReadonlyMap<string, Decision>;
  /** Documents of families that return. */
  readonly returned: ReadonlyMap<string, Documents>;
  readonly waiting: ReadonlyMap<string, string>;
  readonly standing: Pick<Standing, "held" | "stuck">;
}

export interface Planned {
  readonly apps: readonly AppDocument[];
  readonly images: ImageReferences;
  readonly unresolved: ReadonlyMap<string, Trouble>;
  readonly resources: readonly Resource[];
  readonly awaiting: Compiled["awaiting"];
  readonly plan: Plan;
  /** Families that wait, and are kept up at what ran last. */
  readonly kept: ReadonlySet<string>;
  /** Families whose containers stay as they are. */
  readonly frozen: ReadonlySet<string>;
}

/**
 * Plans HEAD; and where that finds what must wait, or what stays without being declared, plans again with the one at what ran
 * last, and with the names of the other.
 */
export async function planOn(ground: Ground): Promise<Planned> {
  const { former, decisions, waiting, known, observations } = ground;
  const contexts = contextsOf(known.observations, known.inventories, ground.documents.fleet);
  const first = await planWith(ground, contexts, new Map(), { named: new Set() });
  const changing = first.plan.held.flatMap((h) => (h.code === "after" && h.app ? [h.app] : []));
  const stopped = new Map([...waiting].filter(([family]) => changing.includes(family)));
  const guarded = guardedFamilies(first.plan);
  const emptied = new Map([...observations].filter(([machine]) => !contexts.has(machine)));
  const others = contextsOf(emptied, known.inventories, ground.documents.fleet);
  const everywhere = others.size === 0 ? contexts : new Map([...contexts, ...others]);
  const leaving = leavingPlaces(first, everywhere, apartFamilies(decisions), guarded);
  if (stopped.size === 0 && guarded.size === 0 && leaving.length === 0)
    return await withResting(ground, contexts, first, new Map(), { named: new Set() });
  const kept = await former.load(keptRevisions(stopped, decisions), known.renames);
  const nameless = namelessFamilies(guarded, known.inventories);
  const having = new Map([...guarded].filter(([family]) => !nameless.has(family)));
  const then = await former.load(lastRevisions(having, first.apps, known), known.renames);
  const staying = stayingApps(having, first.apps, then, observations);
  const named = new Set([...nameless, ...staying.map(({ family }) => family)]);
  const more = { staying, leaving, named };
  const planned =
    kept.size === 0 && named.size === 0 && leaving.length === 0
      ? first
      : await planWith(ground, contexts, kept, more);
  return await withResting(ground, contexts, planned, kept, more);
}

/** Before a machine is rebooted, and until it is proven after that, nothing is sent to it that others can do. */
async function withResting(
  ground: Ground,
  contexts: CompileInput["machines"],
  planned: Planned,
  keptAt: ReadonlyMap<string, Documents>,
  more: Planning,
): Promise<Planned> {
  const resting = restingIn(planned.plan);
  return resting === undefined
    ? planned
    : await planWith(ground, contexts, keptAt, { ...more, resting });
}

type Planning = Pick<CompileInput, "staying" | "leaving" | "resting"> & Pick<PlanInput, "named">;

/** Whose image nobody can be asked for yet. */
const unnamedYet = (awaiting: ResolvedImages["awaiting"]): Compiled["awaiting"] =>
  [...awaiting].map(([family, on]) => ({ address: `app/${family}`, family, on }));

async function planWith(
  ground: Ground,
  contexts: CompileInput["machines"],
  keptAt: ReadonlyMap<string, Documents>,
  { staying = [], leaving = [], named, resting }: Planning,
): Promise<Planned> {
  const { former, request, documents, known, observations, head, decisions, returned } = ground;
  const { inventories, renames } = known;
  const kept = new Set(keptAt.keys());
  const held = new Map([...returned, ...keptAt]);
  const apps = effectiveApps(documents, held);
  const settled = await settleImages(
    ground.world,
    documents,
    apps.filter((a) => held.has(a.family)),
    { inventories, observations },
    {
      asked: request.asked,
      loginOf: ground.loginOf,
      looksAgain: false,
      meant: (family) => decisions.get(family)?.good?.images,
    },
  );
  const proxyImage = await settleProxyImage(ground.world, documents, apps, observations, {
    asked: request.asked,
    loginOf: ground.loginOf,
  });
  const unnamed = new Map([
    ...[...head.awaiting].filter(([family]) => !held.has(family)),
    ...settled.awaiting,
  ]);
  const images = new Map([...head.references, ...settled.references]);
  const stillUnresolved = [...head.unresolved].filter(([family]) => !held.has(family));
  const unresolved = new Map([...stillUnresolved, ...settled.unresolved]);
  const compiled = compile({
    documents,
    apps,
    machines: contexts,
    images,
    ...(proxyImage === undefined ? {} : { proxyImage }),
    hashes: await former.hashes(apps, documents.machines),
    secrets: ground.opened,
    released: releasedOf(inventories),
    staying,
    // Of a machine that is emptied nothing is declared any more.
    leaving: leaving.filter(({ machine }) => contexts.has(machine)),
    ...(resting === undefined ? {} : { resting }),
    unnamed: givenUpFamilies(decisions),
    renames,
  });
  const { resources, awaiting } = withAwaited(
    { ...compiled, awaiting: [...unnamedYet(unnamed), ...compiled.awaiting] },
    observations,
  );
  const frozen = frozenFamilies(decisions, unresolved)
    .union(new Set(unnamed.keys()))
    .union(ground.standing.stuck);
  const plan = makePlan({
    revision: documents.revision,
    kinds,
    resources: [...resources, ...placeholders(apps, observations)],
    observations,
    policies: keptPolicies(policiesOf(apps), kept),
    machineOrder: machineOrderOf(documents),
    ...(request.isTimeless ? {} : { reboots: rebootTime(ground) }),
    frozen,
    givenUp: givenUpFamilies(decisions),
    apart: apartFamilies(decisions),
    named,
    allows: ground.trail.allows,
    retried: ground.trail.retried,
    restores: request.restores,
    held: [...ground.standing.held, ...heldFamilies(decisions)],
    waiting: ground.waiting,
    kept,
    awaiting,
    settled: settledFamilies(decisions, inventories, ground.digests, kept),
    leaving: leavingFamilies(leaving, apps, (machine) => !documents.machines.has(machine)),
    suspended: request.suspended,
  });
  return { apps, images, unresolved, resources, awaiting, plan, kept, frozen };
}

const machineOrderOf = ({ machines }: Documents): MachineOrder =>
  new Map(
    [...machines.values()].flatMap(({ name, fields: { after = [] } }) =>
      after.length === 0 ? [] : [[name, after] as const],
    ),
  );

const rebootTime = ({ world, request }: Ground): NonNullable<PlanInput["reboots"]> => ({
  nowMs: world.clock.now(),
  ...(request.closures.fleet === undefined ? {} : { closed: request.closures.fleet }),
});
