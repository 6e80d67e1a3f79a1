import type { AppFields } from "../generated/app.ts";
import { routesFor, type PlacedRoute } from "../model/routes.ts";
import { readingOn, variantsOf, type Member } from "./expand.ts";
import type { Reading } from "./reading.ts";
import { choiceAt, type Chooser, type Selection } from "./select.ts";
import type { Settings } from "./settings.ts";

/** A route of an app with what was found out about it. */
export interface FoundRoute extends PlacedRoute {
  /** Where it stands among the app's, in the first of the app's forms that have it. */
  readonly index: number;
  readonly reading: Reading<AppFields>;
  /** Whether it stands on machines that were chosen for it, and not just where its app runs. */
  readonly chosen: boolean;
  /** Whether it surely stands on no others. */
  readonly onKnown: boolean;
}

/** The machines that slipway.yaml has for routes; undefined where it has none of its own. */
export function viaOf(settings: Settings, choose: Chooser): Selection | undefined {
  const wish = settings.fields.proxy?.via;
  if (wish !== undefined) return choose(choiceAt(["proxy", "via"], wish, settings));
  return settings.knows(["proxy", "via"]) ? undefined : { machines: [], machinesKnown: false };
}

/** The routes of an app in all its forms; what several forms have alike is one. */
export function placeRoutes(
  app: Member & Selection,
  via: Selection | undefined,
  choose: Chooser,
): readonly FoundRoute[] {
  const found = new Map<string, FoundRoute>();
  const forms = Map.groupBy(app.machines, (machine) => readingOn(app, machine));
  for (const reading of new Set([...variantsOf(app), ...forms.keys()])) {
    const machines = forms.get(reading) ?? [];
    const times = new Map<string, number>();
    for (const [index, declared] of (reading.fields.routes ?? []).entries()) {
      const path = ["routes", index, "via"];
      const chosen =
        declared.via === undefined ? via : choose(choiceAt(path, declared.via, reading));
      const isKnown = reading.knows(path) && (chosen ?? app).machinesKnown;
      for (const route of routesFor(declared, reading.fields)) {
        const said = JSON.stringify([route, declared.via]);
        times.set(said, (times.get(said) ?? 0) + 1);
        const key = `${times.get(said) ?? 1} ${said}`;
        const known = found.get(key);
        const servedOn = [...(known?.servedOn ?? []), ...machines].toSorted();
        found.set(key, {
          ...(known ?? { ...route, index, reading, where: reading.at(["routes", index]) }),
          on: chosen?.machines ?? servedOn,
          servedOn,
          chosen: chosen !== undefined,
          onKnown: isKnown && known?.onKnown !== false,
        });
      }
    }
  }
  return [...found.values()];
}
