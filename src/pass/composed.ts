import { familyOwnInput, membersOf } from "../desired/effective.ts";
import { instancesOn } from "../desired/names.ts";
import type { SecretDigests } from "../desired/secrets.ts";
import { digestOf } from "../lib/hash.ts";
import type { Documents, MachineDocument } from "../model/documents.ts";

/**
 * One set of documents out of several revisions: machines and settings of `base`, and of each family those chosen for it, as
 * far as its machines are there. How a machine is reached, and what logs in where, only HEAD knows.
 */
export function composed(
  head: Documents,
  base: Documents,
  chosen: ReadonlyMap<string, Documents>,
): Documents {
  const machines = new Map(
    [...base.machines].map(([name, machine]) => [name, reachedAs(machine, head)]),
  );
  const isThere = (machine: string): boolean => machines.has(machine);
  const apps = [...chosen].flatMap(([family, documents]) =>
    membersOf(documents, family).map((app) => ({
      ...app,
      machines: app.machines.filter(isThere),
      routes: app.routes.map((route) => ({
        ...route,
        on: route.on.filter(isThere),
        servedOn: route.servedOn.filter(isThere),
      })),
    })),
  );
  const families = [...chosen].flatMap(([family, documents]) => {
    const found = head.families.get(family) ?? documents.families.get(family);
    return found === undefined ? [] : [[family, found] as const];
  });
  return {
    ...head,
    settings: base.settings,
    settingsAt: base.settingsAt,
    machines,
    apps: new Map(apps.map((app) => [app.name, app] as const).toSorted(byKey)),
    families: new Map(families.toSorted(byKey)),
  };
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;

/** Whether a family is the same in both, with the machines that it is on and how many there are of it. */
export function isAlike(
  family: string,
  then: Documents,
  head: Documents,
  { machines }: Pick<Documents, "machines">,
  secrets: Pick<SecretDigests, "sha256">,
): boolean {
  const inputOf = (documents: Documents): string =>
    familyOwnInput(documents, family, new Map(), secrets);
  const isThere = (machine: string): boolean => machines.has(machine);
  return (
    inputOf(then) === inputOf(head) &&
    placeOf(then, family, isThere) === placeOf(head, family, () => true)
  );
}

const placeOf = (
  documents: Documents,
  family: string,
  isMeant: (machine: string) => boolean,
): string =>
  digestOf(
    membersOf(documents, family).map((app) => ({
      service: app.service ?? null,
      on: app.machines.filter(isMeant).map((machine) => [machine, instancesOn(app, machine)]),
      routes: app.routes.map(({ host, path, on }) => [host, path, on.filter(isMeant)]),
    })),
  );

/** Machines that the two have otherwise, by name. Labels only choose them for apps. */
export const machinesApart = (one: Documents, other: Documents): readonly string[] =>
  [...new Set([...one.machines.keys(), ...other.machines.keys()])]
    .filter((name) => madeOf(one.machines.get(name)) !== madeOf(other.machines.get(name)))
    .toSorted();

/** Whether the fleet's own settings are other ones, but for those that change nothing by themselves. */
export const settingsApart = (one: Documents, other: Documents): boolean =>
  settingsOf(one) !== settingsOf(other);

function settingsOf({ settings }: Documents): string {
  const { fleet, defaults, forge, registries, freeze, paused, ...rest } = settings;
  return digestOf(rest);
}

function madeOf(machine: MachineDocument | undefined): string | undefined {
  if (machine === undefined) return undefined;
  const { address, hostKey, machineId, ssh, engine, labels, ...rest } = machine.fields;
  const ships = [...machine.ships].map(([source, { blob, executable }]) => [
    source,
    blob,
    executable,
  ]);
  const secrets = [...machine.secrets].map(([ref, { id }]) => [ref, id]);
  return digestOf({ rest, ships, secrets });
}

function reachedAs(machine: MachineDocument, head: Documents): MachineDocument {
  const now = head.machines.get(machine.name)?.fields;
  if (now === undefined) return machine;
  const { hostKey: _key, machineId: _id, ssh: _ssh, engine: _engine, ...rest } = machine.fields;
  const { address, hostKey, machineId, ssh, engine } = now;
  return {
    ...machine,
    fields: {
      ...rest,
      address,
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(machineId === undefined ? {} : { machineId }),
      ...(ssh === undefined ? {} : { ssh }),
      ...(engine === undefined ? {} : { engine }),
    },
  };
}
