import { membersOf } from "../desired/effective.ts";
import type { ContainerState } from "../kinds/index.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import type { Known } from "./families.ts";

type Guarded = ReadonlyMap<string, ReadonlySet<string>>;

/** Families whose leaving a guard holds, each with the machines where it stays. */
export function guardedFamilies(plan: Plan): Guarded {
  const guarded = new Map<string, Set<string>>();
  for (const { code, family, machine } of plan.held) {
    if (code !== "guard" || family === undefined || machine === undefined) continue;
    guarded.set(family, (guarded.get(family) ?? new Set()).add(machine));
  }
  return guarded;
}

/** Those of which no name is known: what was tried of them never worked. */
export const namelessFamilies = (
  guarded: Guarded,
  inventories: ReadonlyMap<string, Inventory>,
): ReadonlySet<string> =>
  new Set(
    [...guarded.keys()].filter((family) => {
      const records = [...inventories.values()].flatMap((i) => i.apps[family] ?? []);
      return records.some((r) => r.failed) && !records.some((r) => r.good);
    }),
  );

/** Of those that nobody declares any more, the revisions that were proven last, else that made what is there. */
export function lastRevisions(
  guarded: Guarded,
  apps: readonly AppDocument[],
  { inventories, observations }: Pick<Known, "inventories" | "observations">,
): ReadonlyMap<string, string> {
  const families = [...guarded.keys()].filter((f) => !apps.some(({ family }) => family === f));
  return new Map(
    families.flatMap((family) => {
      const marks = [...inventories.values()].flatMap((i) => i.apps[family]?.good ?? []);
      const [last] = marks.toSorted((one, other) => (one.at < other.at ? 1 : -1));
      const revision = last?.revision ?? makingRevision(family, observations);
      return revision === undefined ? [] : [[family, revision] as const];
    }),
  );
}

function makingRevision(family: string, observations: Known["observations"]): string | undefined {
  const states = [...observations.values()].flatMap((observation) => {
    const live = observation.kinds.get("app/container");
    return live?.state === "present" ? ([...live.value.values()] as ContainerState[]) : [];
  });
  return states
    .filter((state) => state.family === family)
    .flatMap(({ containers }) => containers)
    .toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1))[0]?.revision;
}

/**
 * What stays, placed where it does: what is still declared elsewhere besides there, what is not as it was declared last, and
 * also where a machine does not answer.
 */
export function stayingApps(
  guarded: Guarded,
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
