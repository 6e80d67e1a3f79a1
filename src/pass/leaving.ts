import { leftPlaces, runsOn, servesOn } from "../desired/places.ts";
import type { LeavingPlace, MachineContext } from "../desired/work.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument } from "../model/documents.ts";
import { changesOf, type Plan } from "../model/plan.ts";
import type { Leaving } from "../plan/leaving.ts";
import type { Apart } from "../plan/marks.ts";

/** What was planned without regard to what leaves. */
export interface Foreseen {
  readonly apps: readonly AppDocument[];
  readonly plan: Plan;
  /** Families whose containers stay as they are. */
  readonly frozen: ReadonlySet<string>;
}

type Contexts = ReadonlyMap<string, MachineContext>;

/** Where apps still serve and are no longer declared, each with whether it is still to be asked there. */
export function leavingPlaces(
  foreseen: Foreseen,
  contexts: Contexts,
  apart: ReadonlyMap<string, Apart>,
  guarded: ReadonlyMap<string, ReadonlySet<string>>,
): readonly LeavingPlace[] {
  const left = leftPlaces(foreseen.apps, contexts);
  if (left.length === 0) return [];
  const open = unsettled(foreseen.plan);
  const apps = new Map(foreseen.apps.map((app) => [app.name, app]));
  return left.map(({ app: name, machine }) => {
    const app = apps.get(name);
    const isReached =
      app !== undefined &&
      (foreseen.frozen.has(app.family) ||
        guarded.get(app.family)?.has(machine) === true ||
        !hasArrived(app, open, contexts, apart));
    return { app: name, machine, isReached };
  });
}

/** Containers by app and machine that are not as they should be, or of which that is not known. */
function unsettled(plan: Plan): (app: AppDocument, machine: string) => boolean {
  const changing = changesOf(plan)
    .filter(({ kind, action }) => kind === "app/container" && action !== "delete")
    .map(({ address }) => address);
  const addresses = [...changing, ...plan.awaiting, ...plan.unknown.map((u) => u.address)];
  const open = new Set(addresses.map((address) => address.replace(/\/[^/]*$/, "")));
  return (app, machine) => {
    const container = resourceAddress(machine, "app/container", app.name, "");
    // Of a machine that does not answer there is one that stands for all.
    return open.has(container) || addresses.includes(container);
  };
}

/** Whether it serves, as it should, wherever it is declared; where it failed alone it is not waited for. */
function hasArrived(
  app: AppDocument,
  open: ReturnType<typeof unsettled>,
  contexts: Contexts,
  apart: ReadonlyMap<string, Apart>,
): boolean {
  const machines = app.machines.filter(
    (machine) => runsOn(app, machine) && apart.get(app.family)?.has(machine) !== true,
  );
  return (
    machines.length > 0 &&
    machines.every(
      (machine) => contexts.has(machine) && !open(app, machine) && servesOn(app, machine, contexts),
    )
  );
}

/** The same as a plan goes by it. */
export const leavingFamilies = (
  places: readonly LeavingPlace[],
  apps: readonly AppDocument[],
  isEmptied: (machine: string) => boolean = () => false,
): readonly Leaving[] =>
  places.flatMap(({ app: name, machine, isReached }) => {
    const app = apps.find((one) => one.name === name);
    if (app === undefined) return [];
    const routed = app.routes.filter(({ port }) => port !== undefined);
    const edges = new Set(routed.flatMap(({ on }) => on));
    edges.delete(machine);
    const place = { family: app.family, machine, isNeeded: isReached, edges: [...edges] };
    return [isEmptied(machine) ? { ...place, isEmptied: true as const } : place];
  });
