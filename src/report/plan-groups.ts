import { canonicalJson } from "../lib/json.ts";
import { groupBy } from "../lib/parallel.ts";
import { listed } from "../lib/text.ts";
import type { Action, Change } from "../model/change.ts";
import { changesOf, type Plan, type UnknownLive } from "../model/plan.ts";

/** Changes that are the same but for where they are made. */
export interface Entry {
  /** One of them: what all share is read from it. */
  readonly change: Change;
  /** By machine, the names of what changes there. */
  readonly places: ReadonlyMap<string, readonly string[]>;
}

/** What a plan does to one app file, or to the machines themselves. */
export interface PlanGroup {
  readonly family: string | undefined;
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** In the plan's order; equal changes on several machines or instances are one entry. */
export function groupsOf(plan: Plan): readonly PlanGroup[] {
  const byFamily = groupBy(changesOf(plan), (change) => change.family);
  return [...byFamily].map(([family, changes]) => ({
    family,
    title: family === undefined ? "machines" : `app ${family}`,
    entries: [...groupBy(changes, whatIsDone).values()].map(entryOf),
  }));
}

const whatIsDone = (change: Change): string =>
  canonicalJson([
    change.action,
    change.kind,
    change.app ?? "",
    change.reason,
    change.fields,
    change.disruption,
    change.trial !== undefined,
    // What replaces or updates different things for the same reason is told one by one only where it would mislead.
    change.fields.length > 0 && !/^\d*$/.test(change.name) ? change.name : "",
  ]);

function entryOf(changes: readonly Change[]): Entry {
  const [change] = changes;
  if (change === undefined) throw new Error("an entry has at least one change");
  const byMachine = groupBy(changes, (c) => c.machine);
  return { change, places: new Map([...byMachine].map(([m, cs]) => [m, cs.map((c) => c.name)])) };
}

/** `container 1, 2 on web-1 and web-2`; of a service: `shop-worker container 1 on web-1`. */
export function placeText({ change, places }: Entry): string {
  const noun = change.kind.slice(change.kind.indexOf("/") + 1);
  const whose = change.app === undefined || change.app === change.family ? "" : `${change.app} `;
  const names = [...places.values()].map((list) => listed(list.filter((name) => name !== "")));
  const machines = [...places.keys()];
  if (names.every((list) => list === names[0])) {
    return `${whose}${noun}${names[0] === "" ? "" : ` ${names[0]}`} on ${listed(machines)}`;
  }
  const each = machines.map((machine, i) => `${machine} (${names[i]})`);
  return `${whose}${noun} on ${listed(each)}`;
}

/** What could not be seen, by machine and reason. */
export function unknownGroups(unknown: readonly UnknownLive[]): readonly {
  readonly machine: string;
  readonly why: string;
  readonly addresses: readonly string[];
}[] {
  const groups = groupBy(unknown, (u) => canonicalJson([u.machine, u.why]));
  return [...groups.values()].map((group) => ({
    machine: group[0]?.machine ?? "",
    why: group[0]?.why ?? "",
    addresses: group.map((u) => u.address),
  }));
}

export interface PlanCounts extends Readonly<Record<Action, number>> {
  readonly held: number;
  readonly unknown: number;
  readonly awaiting: number;
}

export function countsOf(plan: Plan): PlanCounts {
  const actions = changesOf(plan).map((c) => c.action);
  const count = (action: Action): number => actions.filter((a) => a === action).length;
  return {
    create: count("create"),
    update: count("update"),
    replace: count("replace"),
    delete: count("delete"),
    run: count("run"),
    held: plan.held.length,
    unknown: plan.unknown.length,
    awaiting: plan.awaiting.length,
  };
}

const verbs: readonly (readonly [keyof PlanCounts, string])[] = [
  ["create", "to create"],
  ["update", "to update"],
  ["replace", "to replace"],
  ["delete", "to delete"],
  ["run", "to run"],
  ["held", "held"],
  ["unknown", "unknown"],
  ["awaiting", "to be looked at after that"],
];

/** `2 to create, 1 to replace, 1 held`, or `nothing to do`. */
export function countsText(counts: PlanCounts): string {
  const said = verbs
    .filter(([key]) => counts[key] > 0)
    .map(([key, text]) => `${counts[key]} ${text}`);
  return said.length === 0 ? "nothing to do" : said.join(", ");
}
