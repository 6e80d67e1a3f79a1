import { groupBy } from "../lib/parallel.ts";
import type { ReleaseSpec } from "../kinds/index.ts";
import type { AnyKind } from "../kinds/kind.ts";
import type { Address } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import type { Observation } from "../model/observation.ts";
import type { Held, Plan, UnknownLive } from "../model/plan.ts";
import type { Resource } from "../model/resource.ts";
import type { Allow } from "./allow.ts";
import { withoutWaiting } from "./after.ts";
import { withoutClashes } from "./clash.ts";
import { diffMachine, type Treatment } from "./diff.ts";
import { withoutUnhealed } from "./drift.ts";
import { guard } from "./guard.ts";
import { proxiesToMove, unsettledProxies, withoutHaste, type Leaving } from "./leaving.ts";
import { withoutRefused } from "./refused.ts";
import type { Apart } from "./marks.ts";
import { withoutMachinesWaiting, type MachineOrder } from "./machine-order.ts";
import { isGroundTrial, order, type FamilyPolicy } from "./order.ts";
import { withReboots, type RebootInput } from "./reboots.ts";

export interface PlanInput extends Pick<RebootInput, "reboots"> {
  readonly revision: string;
  readonly kinds: readonly AnyKind[];
  readonly resources: readonly Resource[];
  /** By machine: all that the documents name. */
  readonly observations: ReadonlyMap<string, Observation>;
  readonly policies: ReadonlyMap<string, FamilyPolicy>;
  /** Absent: machines wait for no others. */
  readonly machineOrder?: MachineOrder;
  /** Families whose containers stay as they are. */
  readonly frozen: ReadonlySet<string>;
  /** Of these, families that never worked: what was tried of them is put away. */
  readonly givenUp: ReadonlySet<string>;
  /** Families that go on without some of their machines, where their containers stay as they are. */
  readonly apart: ReadonlyMap<string, Apart>;
  /** Families that nobody declares, and whose names are wanted all the same: they are held. */
  readonly named: ReadonlySet<string>;
  readonly allows: readonly Allow[];
  /** What commits ask to be tried again. */
  readonly retried: readonly Address[];
  /** The revision brings back a state that was applied before. */
  readonly restores: boolean;
  /** What is not tried, decided before: failed marks. */
  readonly held: readonly Held[];
  /** Families that change and wait for one that they are `after`, each with that one. */
  readonly waiting: ReadonlyMap<string, string>;
  /** Of these, families whose resources are those of what ran last. */
  readonly kept: ReadonlySet<string>;
  /** Resources that cannot be compiled before another was applied. */
  readonly awaiting: readonly Awaited[];
  /** By machine: families whose present input was proven there before. What differs now is drift. */
  readonly settled: ReadonlyMap<string, ReadonlySet<string>>;
  /** What still serves where it is no longer declared. */
  readonly leaving: readonly Leaving[];
  /** Resources that are not healed for now. */
  readonly suspended: ReadonlySet<Address>;
}

/** Something that cannot be compiled yet. */
export interface Awaited {
  readonly address: string;
  readonly family?: string;
  readonly on: string;
}

/** A pure function of what is declared and what is live. */
export function makePlan(input: PlanInput): Plan {
  const changes: Change[] = [];
  const unknown: UnknownLive[] = [];
  const clashes: Held[] = [];
  const told: Held[] = [];
  const wantedOn = groupBy(input.resources, (r) => r.machine);
  for (const [machine, observation] of input.observations) {
    const wanted = wantedOn.get(machine) ?? [];
    const diff = diffMachine(machine, observation, wanted, input.kinds, (family) =>
      treatmentOf(family, machine, input),
    );
    changes.push(...diff.changes);
    unknown.push(...diff.unknown);
    clashes.push(...diff.clashes);
    told.push(...diff.told);
  }
  const live = liveFamilies(input);
  // Where what apps stand on would cut us off, they wait as where somebody else has it.
  const laid = changes.filter((c) => isGroundTrial(c) && c.action !== "delete");
  const ground = withoutRefused(laid, changes, input);
  clashes.push(...ground.held);
  const refused = new Set(laid).difference(new Set(ground.changes));
  const allowed = changes.filter((c) => !refused.has(c));
  const unclashed = withoutClashes(allowed, clashes, input.resources);
  const unguessed = withoutGuesses(unclashed.changes, unknown, unclashed.families, input);
  const released = withoutUnseenReleases(unguessed, unknown, input.resources);
  const ready = withoutWaiting(released, input.waiting, input.kept);
  const staying = new Set([
    ...input.frozen,
    ...input.apart.keys(),
    ...ready.held.flatMap((h) => h.app ?? []),
  ]);
  const guarded = guard({
    changes: withoutFrozenGround(ready.changes, live, staying),
    liveFamilies: live,
    provenFamilies: provenFamilies(input.observations),
    wantedFamilies: wantedFamilies(input.resources),
    allows: input.allows,
    named: input.named,
    kept: keptVolumes(input.observations),
    revision: input.revision,
    restores: input.restores,
  });
  const untried = withoutRefused(guarded.changes, [...changes, ...guarded.changes], input);
  const unhealed = withoutUnhealed(untried.changes, input);
  const unhurried = withoutHaste(
    unhealed.changes,
    input.leaving,
    unsettledProxies(changes, unknown, input.observations),
  );
  const held = [
    ...input.held,
    ...ready.held,
    ...unclashed.held,
    ...told,
    ...guarded.held,
    ...untried.held,
    ...unhealed.held,
  ];
  const queued = withoutMachinesWaiting(unhurried, unknown, held, input);
  const timely = withReboots(queued, unknown, held, input);
  return {
    revision: input.revision,
    ...order(timely.changes, input.policies),
    held: [...held, ...timely.held],
    unknown,
    awaiting: [...input.awaiting.map((a) => a.address), ...proxiesToMove(unhurried, input.leaving)],
    ...(timely.untilMs === undefined ? {} : { untilMs: timely.untilMs }),
  };
}

function treatmentOf(
  family: string | undefined,
  machine: string,
  { frozen, givenUp, apart }: PlanInput,
): Treatment {
  if (family === undefined) return "as wanted";
  if (frozen.has(family)) return givenUp.has(family) ? "given up" : "frozen";
  const alone = apart.get(family)?.get(machine);
  if (alone === undefined) return "as wanted";
  return alone.everWorked ? "frozen" : "given up";
}

/**
 * While one of its machines is unknown, or lacks what it should have (it still awaits something, or cannot have it), nothing
 * of a declared family is removed anywhere. What itself still awaits something is declared, though it is not compiled yet.
 */
function withoutGuesses(
  changes: readonly Change[],
  unknown: readonly UnknownLive[],
  lacking: ReadonlySet<string>,
  input: PlanInput,
): readonly Change[] {
  const unclear = new Set(unknown.map((u) => u.address));
  const families = new Set([
    ...input.resources.filter((r) => unclear.has(r.address)).map((r) => r.family),
    ...input.awaiting.map((a) => a.family),
    ...lacking,
  ]);
  const awaited = new Set(input.awaiting.map((a) => a.address));
  const isGuess = ({ address, family }: Change): boolean =>
    awaited.has(address) || (family !== undefined && families.has(family));
  return changes.filter((c) => c.action !== "delete" || !isGuess(c));
}

/** Nothing rolls before a release of which nobody knows whether it has run. */
function withoutUnseenReleases(
  changes: readonly Change[],
  unknown: readonly UnknownLive[],
  resources: readonly Resource[],
): readonly Change[] {
  const unclear = new Set(unknown.map((u) => u.address));
  const families = new Set(
    resources
      .filter((r) => r.kind === "app/release" && unclear.has(r.address))
      .flatMap(({ family, spec }) =>
        (spec as ReleaseSpec | undefined)?.hasRun === true ? [] : (family ?? []),
      ),
  );
  return changes.filter(
    (c) => c.kind !== "app/container" || c.family === undefined || !families.has(c.family),
  );
}

/** Containers that stay as they are keep their bridge, also where nothing is declared any more. */
const withoutFrozenGround = (
  changes: readonly Change[],
  live: ReadonlyMap<string, ReadonlySet<string>>,
  frozen: ReadonlySet<string>,
): readonly Change[] =>
  changes.filter(
    (c) =>
      c.kind !== "app/network" ||
      c.action !== "delete" ||
      frozen.isDisjointFrom(live.get(c.machine) ?? new Set()),
  );

function liveFamilies(input: PlanInput): ReadonlyMap<string, ReadonlySet<string>> {
  const container = input.kinds.find((k) => k.id === "app/container");
  const ofMachine = (observation: Observation): ReadonlySet<string> => {
    const live = observation.kinds.get("app/container");
    if (live?.state !== "present" || container === undefined) return new Set();
    const owners = [...live.value.values()].map((state) => container.owner(state));
    return new Set(owners.flatMap((o) => o?.family ?? o?.app ?? []));
  };
  return new Map(
    [...input.observations].map(([machine, observation]) => [machine, ofMachine(observation)]),
  );
}

function provenFamilies(
  observations: ReadonlyMap<string, Observation>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...observations].flatMap(([machine, { inventory }]) => {
      if (inventory.state !== "present") return [];
      const proven = Object.entries(inventory.value.apps).filter(([, { good }]) => good);
      return [[machine, new Set(proven.map(([family]) => family))] as const];
    }),
  );
}

function wantedFamilies(resources: readonly Resource[]): ReadonlyMap<string, ReadonlySet<string>> {
  const running = resources.filter(
    (r) => (r.kind === "app/container" || r.kind === "app/job") && r.family !== undefined,
  );
  const byMachine = groupBy(running, (r) => r.machine);
  return new Map(
    [...byMachine].map(([machine, own]) => [machine, new Set(own.map((r) => r.family as string))]),
  );
}

function keptVolumes(observations: ReadonlyMap<string, Observation>): ReadonlyMap<string, string> {
  const kept = [...observations.values()].flatMap((o) =>
    o.inventory.state === "present" ? Object.entries(o.inventory.value.kept) : [],
  );
  return new Map(kept);
}
