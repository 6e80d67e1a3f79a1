import { membersOf } from "../desired/effective.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import type { Inventory, Mark } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";

/** Families whose leaving a guard holds, each with the machines where it stays. */
export function guardedFamilies(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const guarded = new Map<string, Set<string>>();
  for (const { code, family, machine } of plan.held) {
    if (code !== "guard" || family === undefined || machine === undefined) continue;
    guarded.set(family, (guarded.get(family) ?? new Set()).add(machine));
  }
  return guarded;
}

/** Of those that nobody declares any more, the revisions that were proven last. */
export const lastRevisions = (
  guarded: ReadonlyMap<string, unknown>,
  apps: readonly AppDocument[],
  inventories: ReadonlyMap<string, Inventory>,
): ReadonlyMap<string, string> =>
  new Map(
    [...guarded.keys()]
      .filter((family) => !apps.some((app) => app.family === family))
      .flatMap((family) => {
        const marks = [...inventories.values()].flatMap((i) => i.apps[family]?.good ?? []);
        const last = marks.toSorted((a: Mark, b: Mark) => (a.at < b.at ? 1 : -1))[0];
        return last === undefined ? [] : [[family, last.revision] as const];
      }),
  );

/**
 * What stays, placed where it does: what is still declared elsewhere besides there, what is not as it was declared last, and
 * also where a machine does not answer.
 */
export function stayingApps(
  guarded: ReadonlyMap<string, ReadonlySet<string>>,
  apps: readonly AppDocument[],
  former: ReadonlyMap<string, Documents>,
  observations: ReadonlyMap<string, Observation>,
): readonly AppDocument[] {
  const isUnseen = (machine: string): boolean =>
    observations.has(machine) && observations.get(machine)?.facts === undefined;
  return [...guarded].flatMap(([family, machines]) => {
    const declared = apps.filter((app) => app.family === family);
    if (declared.length > 0)
      return declared.map((app) => ({
        ...app,
        machines: [...new Set([...app.machines, ...machines])].toSorted(),
      }));
    const documents = former.get(family);
    const then = documents === undefined ? [] : membersOf(documents, family);
    return then
      .filter((app) => !apps.some(({ name }) => name === app.name))
      .map((app) => ({
        ...app,
        machines: app.machines.filter((m) => machines.has(m) || isUnseen(m)),
      }));
  });
}
