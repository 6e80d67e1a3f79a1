import { didYouMean } from "../lib/suggest.ts";
import type { Documents } from "../model/documents.ts";
import type { AppStatus, InstanceStatus, MachineStatus } from "../model/status.ts";
import { appStatuses, machineStatuses, observeContainers } from "../pass/status.ts";
import type { World } from "../pass/world.ts";
import { newestReadable } from "./look.ts";
import { UserError } from "./trouble.ts";

/** What runs, asked as quickly as that can be. */
export interface Containers {
  readonly documents: Documents;
  readonly machines: readonly MachineStatus[];
  readonly apps: readonly AppStatus[];
}

/** Throws UserError when no revision can be read. */
export async function findContainers(world: World): Promise<Containers> {
  const documents = await readableDocuments(world);
  const observations = await observeContainers(world, documents);
  return {
    documents,
    machines: machineStatuses(observations, world.clock.now()),
    apps: appStatuses(observations, documents),
  };
}

export async function readableDocuments(world: World): Promise<Documents> {
  const { head, revision } = await newestReadable(world);
  if (revision?.documents !== undefined) return revision.documents;
  throw new UserError("rejected", "no recent revision of the repo can be read", {
    hint: "'slipway validate' says why.",
    findings: head.findings,
  });
}

/** Of an app, or of an app file all services. Throws UserError for a name that neither is declared nor runs. */
export function chooseApp(
  apps: readonly AppStatus[],
  documents: Documents,
  name: string,
): readonly AppStatus[] {
  const family = apps.find((app) => app.family === name);
  if (family !== undefined) return [family];
  const declared = documents.apps.get(name);
  const one = apps.flatMap((app) => {
    const instances = app.instances.filter((i) => i.app === name);
    return instances.length > 0 || app.family === declared?.family ? { ...app, instances } : [];
  });
  if (one.length > 0) return one;
  const names = [...new Set([...documents.apps.keys(), ...apps.map((app) => app.family)])];
  throw new UserError(
    "not-found",
    `there is no app '${name}'${didYouMean(name, names)}`,
    `There are: ${names.join(", ")}`,
  );
}

/** Throws UserError for what is neither a declared app nor an app file with services. */
export function checkApp(documents: Documents, app: string): void {
  const apps = [...documents.apps.values()];
  const names = [...new Set(apps.flatMap(({ name, family }) => [family, name]))];
  if (names.includes(app)) return;
  throw new UserError(
    "not-found",
    `there is no app '${app}'${didYouMean(app, names)}`,
    `There are: ${names.join(", ")}`,
  );
}

/** Throws UserError for a machine that is not declared. */
export function checkMachine(documents: Documents, name: string | undefined): void {
  if (name === undefined || documents.machines.has(name)) return;
  const names = [...documents.machines.keys()];
  throw new UserError(
    "not-found",
    `there is no machine '${name}'${didYouMean(name, names)}`,
    `There are: ${names.join(", ")}`,
  );
}

/** Those that may be asked to do something: running, and not known to be ill; the healthiest first. */
export function serving(instances: readonly InstanceStatus[]): readonly InstanceStatus[] {
  const rank = (i: InstanceStatus): number =>
    i.health === undefined || i.health === "healthy" ? 0 : 1;
  return instances
    .filter((i) => i.running && i.health !== "unhealthy")
    .toSorted((a, b) => rank(a) - rank(b));
}
