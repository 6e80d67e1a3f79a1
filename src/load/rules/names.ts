import type { Where } from "../../model/diagnostic.ts";
import { atOn, readingOn } from "../expand.ts";
import { nameLimit } from "../names.ts";
import { instancesOn, placeOf, type PlacedApp, type Repo, type Rule } from "./repo.ts";

/** Who bears a name, and where that was said. */
interface Claim {
  readonly name: string;
  readonly who: string;
  readonly where: Where;
  readonly machine?: true;
}

/** Apps, machines and instances share one namespace: each is a host name in every container. */
export const namesDiffer: Rule = (repo, report) => {
  const first = new Map<string, Claim>();
  for (const claim of claimsOf(repo)) {
    const other = first.get(claim.name);
    if (other === undefined) first.set(claim.name, claim);
    else
      report(
        "name-clash",
        claim.where,
        `'${claim.name}' is ${claim.who} and ${other.who} (${placeOf(other.where)}); give one another name`,
      );
  }
  const apps = new Map(repo.apps.map((app) => [app.name, app]));
  for (const claim of first.values()) {
    const [, name = "", number = ""] = /^(.+)-([1-9]\d{0,5})$/.exec(claim.name) ?? [];
    const app = apps.get(name);
    const on = app === undefined ? undefined : machineOfInstance(repo, app, Number(number));
    // An instance called like the machine that it runs on: both names lead to the same place.
    if (app === undefined || on === undefined || (claim.machine === true && on === claim.name))
      continue;
    report(
      "name-clash",
      claim.where,
      `'${claim.name}' is ${claim.who} and instance ${number} of app '${name}' on ${on} (${placeOf(countedAt(app, on))}); give one another name`,
    );
  }
};

function claimsOf({ machines, families, apps }: Repo): readonly Claim[] {
  const ofMachines = [...machines.values()].flatMap(({ name, at, guessed }): readonly Claim[] =>
    guessed === true ? [] : [{ name, who: `machine '${name}'`, where: at([]), machine: true }],
  );
  const ofApps = apps.map((app): Claim => {
    const who =
      app.service === undefined
        ? `app '${app.name}'`
        : `service '${app.service}' of app '${app.family}'`;
    return { name: app.name, who, where: app.at([]) };
  });
  const known = new Set(apps.filter((app) => app.name === app.family).map((app) => app.name));
  const ofFamilies = [...families.values()]
    .filter((family) => !known.has(family.name) && family.guessed !== true)
    .map((family): Claim => ({
      name: family.name,
      who: `app '${family.name}'`,
      where: family.at([]),
    }));
  return [...ofMachines, ...ofFamilies, ...ofApps];
}

/** Instances are numbered over the fleet, in order of machine names. */
function machineOfInstance({ families }: Repo, app: PlacedApp, number: number): string | undefined {
  if (!app.machinesKnown || families.get(app.family)?.complete !== true) return undefined;
  let left = number;
  for (const machine of app.machines) {
    const count = instancesOn(app, machine);
    if (count === undefined) return undefined;
    left -= count;
    if (left <= 0) return machine;
  }
  return undefined;
}

/** Where it was said how many of an app there are: its machines, or how many on each. */
const countedAt = (app: PlacedApp, machine: string): Where =>
  readingOn(app, machine).lacks(["instances"])
    ? app.at(["machines"])
    : atOn(app, machine, ["instances"]);

export const namesAreShort: Rule = ({ apps }, report) => {
  for (const app of apps) {
    if (app.name.length <= nameLimit) continue;
    report(
      "name-too-long",
      app.at([]),
      `'${app.name}' is longer than ${nameLimit}: a service is called <app>-<service>`,
    );
  }
};

/** Within its app a service answers to its short name, and so hides what else is called so. */
export const servicesHideNothing: Rule = ({ apps, families, machines }, report) => {
  const appNames = new Set([...families.keys(), ...apps.map((app) => app.name)]);
  for (const { service, family, at } of apps) {
    if (service === undefined || service === family) continue;
    const hidden = appNames.has(service) ? "app" : machines.has(service) ? "machine" : undefined;
    if (hidden === undefined) continue;
    report(
      "service-hides-name",
      at([]),
      `inside app '${family}' the name '${service}' means this service, not the ${hidden} '${service}'`,
    );
  }
};

const reserved: Readonly<Record<string, string>> = {
  all: "'all' stands for every machine",
  localhost: "'localhost' is every machine's own name for itself",
};

export const namesAreFree: Rule = ({ machines, families, apps }, report) => {
  const named = [...machines.values(), ...families.values()].filter(
    ({ guessed }) => guessed !== true,
  );
  for (const { name, at } of [...named, ...apps]) {
    const why = Object.hasOwn(reserved, name)
      ? reserved[name]
      : /^\d+$/.test(name)
        ? `'${name}' would be read as an address`
        : undefined;
    if (why !== undefined) report("reserved-name", at([]), `${why}; choose another name`);
  }
};
