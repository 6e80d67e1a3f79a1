import type { AnyKind } from "../kinds/kind.ts";
import { resourceAddress } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import { liveOf, type Observation } from "../model/observation.ts";
import type { UnknownLive } from "../model/plan.ts";
import type { Facts, Resource } from "../model/resource.ts";

export interface MachineDiff {
  readonly changes: readonly Change[];
  readonly unknown: readonly UnknownLive[];
}

/** What differs on one machine. Unknown plans nothing; what nobody declares is deleted only where a kind says it is ours. */
export function diffMachine(
  machine: string,
  observation: Observation | undefined,
  wanted: readonly Resource[],
  kinds: readonly AnyKind[],
  isFrozen: (family: string | undefined) => boolean,
): MachineDiff {
  const changes: Change[] = [];
  const unknown: UnknownLive[] = [];
  const facts = observation?.facts;
  for (const kind of kinds) {
    const resources = wanted.filter((r) => r.kind === kind.id);
    const all = observation?.kinds.get(kind.id);
    if (
      facts === undefined ||
      all === undefined ||
      all.state === "unknown" ||
      all.state === "awaiting"
    ) {
      const why =
        all?.state === "unknown" ? all.why : (observation?.troubles[0]?.text ?? "not observed");
      unknown.push(...resources.map((r) => ({ address: r.address, machine, why })));
      continue;
    }
    const claimed = new Set<string>();
    for (const resource of resources) {
      const key = claimedKey(kind, resource, observation);
      claimed.add(key);
      const live = liveOf(observation, kind.id, key);
      const have = live.state === "present" ? live.value : undefined;
      const change = changeOf(kind, resource, have, facts);
      if (change !== undefined && !isFrozen(resource.family)) changes.push(change);
    }
    if (all.state === "present") {
      const orphans = [...all.value].filter(([key]) => !claimed.has(key));
      changes.push(
        ...orphans.flatMap(([, state]) => orphanChange(kind, machine, state, facts, isFrozen)),
      );
    }
  }
  return { changes, unknown };
}

/** With `renamedFrom` a thing may still stand under its former key. */
function claimedKey(
  kind: AnyKind,
  resource: Resource,
  observation: Observation | undefined,
): string {
  const key = kind.key(resource.spec);
  const former = kind.formerKey?.(resource.spec);
  if (former === undefined || liveOf(observation, kind.id, key).state === "present") return key;
  return liveOf(observation, kind.id, former).state === "present" ? former : key;
}

function changeOf(
  kind: AnyKind,
  resource: Resource,
  have: unknown,
  facts: Facts,
): Change | undefined {
  const difference = kind.diff(resource.spec, have, facts);
  if (difference === undefined) return undefined;
  const { address, machine, app, family, name, where } = resource;
  const reason =
    difference.reason.where || where === undefined
      ? difference.reason
      : { ...difference.reason, where };
  return {
    ...difference,
    reason,
    address,
    kind: kind.id,
    machine,
    name,
    ...(app === undefined ? {} : { app }),
    ...(family === undefined ? {} : { family }),
    steps: kind.apply(
      { difference, want: resource.spec, ...(have === undefined ? {} : { have }) },
      facts,
    ),
  };
}

function orphanChange(
  kind: AnyKind,
  machine: string,
  state: unknown,
  facts: Facts,
  isFrozen: (family: string | undefined) => boolean,
): readonly Change[] {
  const owner = kind.owner(state);
  if (owner === undefined || isFrozen(owner.family ?? owner.app)) return [];
  const difference = kind.diff(undefined, state, facts);
  if (difference === undefined) return [];
  const { app, family, name } = owner;
  return [
    {
      ...difference,
      address: resourceAddress(machine, kind.id, app, name),
      kind: kind.id,
      machine,
      name,
      ...(app === undefined ? {} : { app }),
      ...(family === undefined ? {} : { family }),
      steps: kind.apply({ difference, have: state }, facts),
    },
  ];
}
