import type { AppDocument, Documents } from "../model/documents.ts";
import { collides } from "../model/listens.ts";
import { fieldsOn, instancesOn } from "./names.ts";
import { usesProxies, placements } from "./proxies.ts";
import type { LeavingPlace, MachineContext } from "./work.ts";

type Places = ReadonlyMap<string, Pick<MachineContext, "inService">>;

export const runsOn = (app: AppDocument, machine: string): boolean =>
  instancesOn(app, machine) > 0 && fieldsOn(app, machine).state !== "stopped";

export const servesOn = (app: AppDocument, machine: string, places: Places): boolean =>
  places.get(machine)?.inService.has(app.name) === true;

/** Apps that serve where they are no longer declared; one that is to run nowhere serves nowhere. */
export function leftPlaces(
  apps: readonly AppDocument[],
  places: Places,
): readonly Omit<LeavingPlace, "isReached">[] {
  const running = new Set(
    apps.flatMap((app) => (app.machines.some((m) => runsOn(app, m)) ? app.name : [])),
  );
  const placed = placements(apps);
  return [...places].flatMap(([machine, { inService }]) => {
    const there = new Set((placed.get(machine) ?? []).map(({ name }) => name));
    return [...inService.keys()]
      .filter((name) => running.has(name) && !there.has(name))
      .map((app) => ({ app, machine }));
  });
}

/** Whether it is to run somewhere, and serves on none of the machines where it is to. */
export function isAway(app: AppDocument, places: Places): boolean {
  const own = app.machines.filter((machine) => runsOn(app, machine));
  return own.length > 0 && !own.some((machine) => servesOn(app, machine, places));
}

/**
 * By app, machines where it has yet to work while it serves on others: who asks for it is not led there before. Nothing is
 * lost where nobody serves: then all that are declared are known at once.
 */
export function comingPlaces(
  apps: readonly AppDocument[],
  places: Places,
): (app: AppDocument, machine: string) => boolean {
  const coming = new Map(
    apps.flatMap((app) => {
      const own = app.machines.length < 2 ? [] : app.machines;
      const fresh = own.filter(
        (machine) => runsOn(app, machine) && !servesOn(app, machine, places),
      );
      const isServed = fresh.length > 0 && own.some((machine) => servesOn(app, machine, places));
      return isServed ? [[app.name, new Set(fresh)] as const] : [];
    }),
  );
  return (app, machine) => coming.get(app.name)?.has(machine) === true;
}

/**
 * The apps with what they leave, as many of them as serve there; with `isReached` only what others still send to. A number
 * that another app has on the machine by now is not theirs any more.
 */
export function withLeaving(
  apps: readonly AppDocument[],
  leaving: readonly LeavingPlace[],
  places: Places,
  documents: Documents,
): readonly AppDocument[] {
  if (leaving.length === 0) return apps;
  const left = Map.groupBy(leaving, ({ app }) => app);
  const placed = placements(apps);
  const inUse = usesProxies(documents, apps);
  const isFree = (app: AppDocument, machine: string): boolean => {
    const others = (placed.get(machine) ?? []).filter(({ name }) => name !== app.name);
    return (
      !inUse ||
      !collides(
        fieldsOn(app, machine),
        others.map((o) => fieldsOn(o, machine)),
      )
    );
  };
  return apps.map((app) => {
    const machines = (left.get(app.name) ?? [])
      .map(({ machine }) => machine)
      .filter((machine) => isFree(app, machine));
    return machines.length === 0 ? app : alsoOn(app, machines, places);
  });
}

function alsoOn(app: AppDocument, machines: readonly string[], places: Places): AppDocument {
  const withThem = (own: readonly string[]): readonly string[] =>
    [...new Set([...own, ...machines])].toSorted();
  const perMachine = machines.map((machine) => {
    const instances = places.get(machine)?.inService.get(app.name)?.length ?? 0;
    return [machine, { ...fieldsOn(app, machine), instances }] as const;
  });
  return {
    ...app,
    machines: withThem(app.machines),
    perMachine: new Map([...app.perMachine, ...perMachine]),
    routes: app.routes.map((route) => ({
      ...route,
      on: route.chosen ? route.on : withThem(route.on),
      servedOn: withThem(route.servedOn),
    })),
  };
}
