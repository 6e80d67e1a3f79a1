import type { Change } from "../model/change.ts";
import type { Held } from "../model/plan.ts";
import type { Resource } from "../model/resource.ts";
import { isSetting } from "./order.ts";

export interface Unclashed {
  readonly changes: readonly Change[];
  readonly held: readonly Held[];
  /** Families of which some machine lacks what it should have. */
  readonly families: ReadonlySet<string>;
}

/**
 * Where somebody else has a name that an app needs on a machine, nothing of the app is done there; where that is the
 * fleet's bridge, nothing of any app. What a machine is by itself stands in no app's way. An app whose release would have to run there waits everywhere.
 */
export function withoutClashes(
  changes: readonly Change[],
  clashes: readonly Held[],
  resources: readonly Resource[],
): Unclashed {
  if (clashes.length === 0) return { changes, held: [], families: new Set() };
  const settings = new Set(resources.filter(isSetting).map((r) => r.address));
  const ofMachine = clashes.filter((c) => c.app === undefined && !settings.has(c.address));
  const onMachine = new Set(ofMachine.map((c) => c.machine));
  const ofFamily = new Set(clashes.map((c) => `${c.machine} ${c.app}`));
  const isBarred = (machine: string, family: string | undefined): boolean =>
    family !== undefined && (onMachine.has(machine) || ofFamily.has(`${machine} ${family}`));
  const waiting = new Set(
    changes
      .filter((c) => c.kind === "app/release" && isBarred(c.machine, c.family))
      .map((c) => c.family),
  );
  return {
    changes: changes.filter(
      (c) => !isBarred(c.machine, c.family) && !(c.family !== undefined && waiting.has(c.family)),
    ),
    held: distinct(clashes, (c) => (settings.has(c.address) ? c.address : `${c.machine} ${c.app}`)),
    families: new Set(
      resources.flatMap((r) => (isBarred(r.machine, r.family) ? (r.family ?? []) : [])),
    ),
  };
}

/** One of each app and machine says enough: all instances of an app are in the same case. */
const distinct = (clashes: readonly Held[], caseOf: (clash: Held) => string): readonly Held[] =>
  [...new Map(clashes.toReversed().map((c) => [caseOf(c), c])).values()].toReversed();
