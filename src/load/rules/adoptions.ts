import { asList } from "../../lib/list.ts";
import { atOn, readingOn } from "../expand.ts";
import type { Where } from "../../model/diagnostic.ts";
import { inShort, instancesOn, placeOf, type PlacedApp, type Rule } from "./repo.ts";

interface Taker {
  readonly app: string;
  readonly where: Where;
}

/** A container is one instance of one app. */
export const adoptionsDiffer: Rule = ({ apps }, report) => {
  const takers = new Map<string, Taker>();
  const shared = new Map<
    Where,
    { readonly name: string; readonly by: Taker; readonly on: string[] }
  >();
  for (const app of apps) {
    for (const machine of app.machines) {
      for (const { name, where } of adoptedOn(app, machine)) {
        const first = takers.get(`${machine} ${name}`);
        if (first === undefined) takers.set(`${machine} ${name}`, { app: app.name, where });
        else if (first.app !== app.name) {
          const known = shared.get(where) ?? { name, by: first, on: [] };
          known.on.push(machine);
          shared.set(where, known);
        }
      }
    }
  }
  for (const [where, { name, by, on }] of shared)
    report(
      "adopt-clash",
      where,
      `container ${name} of ${inShort(on)} is taken over by app '${by.app}' too (${placeOf(by.where)})`,
    );
};

export const adoptionsAreInstances: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const machine of app.machines) {
      const count = instancesOn(app, machine);
      const beyond = count === undefined ? undefined : adoptedOn(app, machine)[count];
      if (beyond === undefined) continue;
      const text = `container ${beyond.name} would be instance ${(count ?? 0) + 1} of app '${app.name}', which has ${count} on ${machine}`;
      report("adopt-without-instance", beyond.where, text);
      break;
    }
  }
};

function adoptedOn(
  app: PlacedApp,
  machine: string,
): readonly { readonly name: string; readonly where: Where }[] {
  const { fields, knows } = readingOn(app, machine);
  const { adopt } = fields;
  if (!knows(["adopt"])) return [];
  return asList(adopt).map((name, i) => ({
    name,
    where: atOn(app, machine, Array.isArray(adopt) ? ["adopt", i] : ["adopt"]),
  }));
}
