import type { AppFields } from "../generated/app.ts";
import { routesFor, type PlacedRoute, type Route } from "../model/routes.ts";
import { readingOn, variantsOf, type Member } from "./expand.ts";
import type { Report } from "./findings.ts";
import type { Reading } from "./reading.ts";
import { choiceAt, type Chooser, type Selection } from "./select.ts";
import type { Settings } from "./settings.ts";

/** A route of an app with what was found out about it. */
export interface FoundRoute extends PlacedRoute {
  /** Where it stands among the app's, in the first of the app's forms that have it. */
  readonly index: number;
  readonly reading: Reading<AppFields>;
  /** Whether it surely stands on no others. */
  readonly onKnown: boolean;
}

/** The machines that slipway.yaml has for routes; undefined where it has none of its own. */
export function viaOf(settings: Settings, choose: Chooser): Selection | undefined {
  const wish = settings.fields.proxy?.via;
  if (wish !== undefined) return choose(choiceAt(["proxy", "via"], wish, settings));
  return settings.knows(["proxy", "via"]) ? undefined : { machines: [], machinesKnown: false };
}

/** What is written once may be meant for thousands of apps. */
const hostLimit = 20_000;

/** Finds where the routes of apps stand, one app after the other: what several of its forms have alike is one. */
export function createPlacer(
  via: Selection | undefined,
  choose: Chooser,
  report: Report,
): (app: Member & Selection) => readonly FoundRoute[] {
  let left = hostLimit;
  const place = (app: Member & Selection): readonly FoundRoute[] => {
    const found = new Map<string, FoundRoute>();
    const forms = Map.groupBy(app.machines, (machine) => readingOn(app, machine));
    for (const reading of new Set([...variantsOf(app), ...forms.keys()])) {
      const machines = forms.get(reading) ?? [];
      for (const { said, route, index, declared } of routesIn(reading)) {
        const path = ["routes", index, "via"];
        const wish = declared.via;
        const chosen = wish === undefined ? via : choose(choiceAt(path, wish, reading));
        const isKnown = reading.knows(path) && (chosen ?? app).machinesKnown;
        const known = found.get(said);
        const servedOn = [...(known?.servedOn ?? []), ...machines].toSorted();
        found.set(said, {
          ...(known ?? { ...route, index, reading, where: reading.at(["routes", index]) }),
          on: chosen?.machines ?? servedOn,
          servedOn,
          chosen: chosen !== undefined,
          onKnown: isKnown && known?.onKnown !== false,
        });
      }
    }
    return [...found.values()];
  };
  return (app) => {
    const forms = variantsOf(app).flatMap(({ fields }) => fields.routes ?? []);
    const hosts = forms.reduce((sum, { host }) => sum + [host].flat().length, 0);
    const isTooMany = left >= 0 && hosts > left;
    left -= hosts;
    if (isTooMany)
      report("too-many-routes", app.at(["routes"]), `more than ${hostLimit} hosts are routed`);
    return left < 0 ? [] : place(app);
  };
}

interface RouteIn {
  /** What it is told apart by: the same twice in one form is two. */
  readonly said: string;
  readonly route: Route;
  readonly index: number;
  readonly declared: NonNullable<AppFields["routes"]>[number];
}

function routesIn({ fields }: Reading<AppFields>): readonly RouteIn[] {
  const times = new Map<string, number>();
  return (fields.routes ?? []).flatMap((declared, index) =>
    routesFor(declared, fields).map((route) => {
      const text = JSON.stringify([route, declared.via]);
      const time = (times.get(text) ?? 0) + 1;
      times.set(text, time);
      return { said: `${time} ${text}`, route, index, declared };
    }),
  );
}
