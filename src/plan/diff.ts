import { digestOf } from "../lib/hash.ts";
import type { AnyKind, Clash } from "../kinds/kind.ts";
import { resourceAddress } from "../model/address.ts";
import type { Change, Difference } from "../model/change.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Observation } from "../model/observation.ts";
import type { Held, UnknownLive } from "../model/plan.ts";
import type { Facts, Resource } from "../model/resource.ts";
import type { Step } from "../model/step.ts";
import { isSetting } from "./order.ts";

export interface MachineDiff {
  readonly changes: readonly Change[];
  readonly unknown: readonly UnknownLive[];
  /** What cannot be had: somebody else's has the name. */
  readonly clashes: readonly Held[];
  /** What stands in the way of nothing else. */
  readonly told: readonly Held[];
}

/** What is done with a family's things: `given up`, only what was tried of them and did not work is put away. */
export type Treatment = "as wanted" | "frozen" | "given up";

/** What differs on one machine. Unknown plans nothing; what nobody declares is deleted only where a kind says it is ours. */
export function diffMachine(
  machine: string,
  observation: Observation | undefined,
  wanted: readonly Resource[],
  kinds: readonly AnyKind[],
  treatment: (family: string | undefined) => Treatment,
): MachineDiff {
  const changes: Change[] = [];
  const unknown: UnknownLive[] = [];
  const clashes: Held[] = [];
  const told: Held[] = [];
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
      unknown.push(
        ...resources.map(({ address, family }) => ({
          address,
          machine,
          why,
          ...(family === undefined ? {} : { family }),
        })),
      );
      continue;
    }
    const present = all.state === "present" ? all.value : new Map<string, unknown>();
    const claimed = new Set<string>();
    for (const resource of resources) {
      const { keys, have } = findLive(kind, resource, present);
      for (const key of [...keys, ...(kind.keeps?.(resource.spec) ?? [])]) claimed.add(key);
      const clash = kind.clash?.(resource.spec, have);
      const tells = kind.tells?.(resource.spec, have);
      if (tells !== undefined) told.push(heldBy(resource, tells));
      if (clash !== undefined) {
        (isSetting(resource) ? told : clashes).push(heldBy(resource, clash));
        continue;
      }
      const how = treatment(resource.family);
      const change =
        how === "as wanted"
          ? changeOf(kind, resource, have, facts)
          : how === "given up"
            ? givingUp(kind, resource, have)
            : undefined;
      if (change !== undefined) changes.push(change);
    }
    const orphans = [...present].filter(([key]) => !claimed.has(key));
    changes.push(
      ...orphans.flatMap(([, state]) => orphanChange(kind, machine, state, facts, treatment)),
    );
  }
  return { changes, unknown, clashes, told };
}

/** What concerns the machine alone has a code of its own: it bars no app. */
const heldBy = (
  { address, kind, machine, family, where }: Resource,
  { text, needs }: Clash,
): Held => ({
  address,
  code: isSetting({ kind }) ? "machine-clash" : "clash",
  text,
  needs,
  machine,
  ...(family === undefined ? {} : { app: family }),
  ...(where === undefined ? {} : { where }),
});

interface Found {
  readonly keys: readonly string[];
  readonly have?: unknown;
}

/** With `renamedFrom` all of a thing, or a part of it, may still stand under its former key. */
export function findLive(
  kind: AnyKind,
  resource: Resource,
  all: ReadonlyMap<string, unknown>,
): Found {
  const { spec } = resource;
  const keys = [kind.key(spec), ...(kind.formerKeys?.(spec) ?? [])].filter((key) => all.has(key));
  const [first, ...others] = keys.map((key) => all.get(key));
  if (first === undefined) return { keys };
  return { keys, have: others.reduce((have, o) => kind.join?.(have, o) ?? have, first) };
}

function changeOf(
  kind: AnyKind,
  resource: Resource,
  have: unknown,
  facts: Facts,
): Change | undefined {
  const difference = kind.diff(resource.spec, have, facts);
  if (difference === undefined) return undefined;
  const where = fieldPlace(resource, difference.fields) ?? resource.where;
  const reason =
    difference.reason.where || where === undefined
      ? difference.reason
      : { ...difference.reason, where };
  return {
    ...difference,
    reason,
    ...placeOf(kind, resource),
    ...holding(kind, resource.spec, have),
    ...widening(kind, resource.spec, have),
    ...tracing(kind, resource.spec, have, facts),
    ...instead(kind, resource, have, facts),
    ...stepsWith(
      kind.apply(
        { difference, want: resource.spec, ...(have === undefined ? {} : { have }) },
        facts,
      ),
      kind.tried?.(resource.spec) ?? resource.spec,
    ),
    ...checking(kind, resource.spec, have, facts),
    ...watching(kind, resource.spec, have, facts),
  };
}

function givingUp(kind: AnyKind, resource: Resource, have: unknown): Change | undefined {
  const given = have === undefined ? undefined : kind.giveUp?.(resource.spec, have);
  if (given === undefined) return undefined;
  return { ...given.difference, ...placeOf(kind, resource), steps: given.steps };
}

type Place = Pick<Change, "address" | "kind" | "machine" | "name" | "app" | "family">;

const placeOf = (
  kind: AnyKind,
  { address, machine, name, app, family }: Omit<Place, "kind">,
): Place => ({
  address,
  kind: kind.id,
  machine,
  name,
  ...(app === undefined ? {} : { app }),
  ...(family === undefined ? {} : { family }),
});

function orphanChange(
  kind: AnyKind,
  machine: string,
  state: unknown,
  facts: Facts,
  treatment: (family: string | undefined) => Treatment,
): readonly Change[] {
  const owner = kind.owner(state);
  if (owner === undefined) return [];
  const { app, family, name } = owner;
  const how = treatment(family ?? app);
  if (how === "frozen") return [];
  const given = how === "given up" ? kind.giveUp?.(undefined, state) : undefined;
  const difference = how === "given up" ? given?.difference : kind.diff(undefined, state, facts);
  if (difference === undefined) return [];
  return [
    {
      ...difference,
      ...placeOf(kind, {
        ...owner,
        address: resourceAddress(machine, kind.id, app, name),
        machine,
      }),
      ...holding(kind, undefined, state),
      ...widening(kind, undefined, state),
      ...stepsWith(given?.steps ?? kind.apply({ difference, have: state }, facts), undefined),
    },
  ];
}

/** Where what differs was written: the one line to look at, of several fields the first that has one of its own. */
export function fieldPlace(resource: Resource, fields: Difference["fields"]): Where | undefined {
  const { at } = resource;
  if (at === undefined) return undefined;
  const nowhere = at([]);
  return fields
    .map(({ path }) => {
      const dot = path.indexOf(".");
      return at(dot < 0 ? [path] : [path.slice(0, dot), path.slice(dot + 1)]);
    })
    .find(
      ({ file, line, col }) =>
        file !== nowhere.file || line !== nowhere.line || col !== nowhere.col,
    );
}

function holding(kind: AnyKind, want: unknown, have: unknown): Pick<Change, "holds"> {
  const holds = kind.holds?.(want, have) ?? [];
  return holds.length === 0 ? {} : { holds };
}

function instead(
  kind: AnyKind,
  resource: Resource,
  have: unknown,
  facts: Facts,
): Pick<Change, "instead"> {
  const { spec } = resource;
  if (have === undefined || kind.narrowed === undefined) return {};
  if ((kind.widens?.(spec, have) ?? []).length === 0) return {};
  const change = changeOf(kind, { ...resource, spec: kind.narrowed(spec, have) }, have, facts);
  return change === undefined ? {} : { instead: change };
}

function widening(kind: AnyKind, want: unknown, have: unknown): Pick<Change, "widens"> {
  const widens = kind.widens?.(want, have) ?? [];
  return widens.length === 0 ? {} : { widens };
}

function tracing(
  kind: AnyKind,
  want: unknown,
  have: unknown,
  facts: Facts,
): Pick<Change, "traces"> {
  const traces = kind.traces?.(want, have, facts) ?? [];
  return traces.length === 0 ? {} : { traces };
}

const stepsWith = (steps: readonly Step[], want: unknown): Pick<Change, "steps" | "trial"> => ({
  steps,
  ...(steps.some((step) => step.do === "dead-man") ? { trial: digestOf(want ?? null) } : {}),
});

function checking(
  kind: AnyKind,
  want: unknown,
  have: unknown,
  facts: Facts,
): Pick<Change, "checks"> {
  const checks = kind.checks?.(want, have, facts) ?? [];
  return checks.length === 0 ? {} : { checks };
}

function watching(
  kind: AnyKind,
  want: unknown,
  have: unknown,
  facts: Facts,
): Pick<Change, "watch"> {
  const watch = kind.watch?.(want, have, facts);
  return watch === undefined ? {} : { watch };
}
