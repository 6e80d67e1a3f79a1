import { didYouMean } from "../../lib/suggest.ts";
import type { AppFields } from "../../generated/app.ts";
import { portCalled, portsOf, protocolOf } from "../../model/ports.ts";
import { isHostOf } from "../../model/routes.ts";
import { variantsOf } from "../expand.ts";
import type { Report } from "../findings.ts";
import type { Reading } from "../reading.ts";
import type { FoundRoute } from "../routes.ts";
import { shown } from "../text.ts";
import { placeOf, type PlacedApp, type Rule } from "./repo.ts";

type Declared = NonNullable<AppFields["routes"]>[number];

/** What is about asking the app, which a redirect does not. */
const notOfRedirects = [
  "port",
  "stripPath",
  "maintenance",
  "gzip",
  "sticky",
  "maxBody",
  "timeout",
  "rate",
] as const satisfies readonly (keyof Declared)[];

export const redirectsOnlyRedirect: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const [i, route] of (fields.routes ?? []).entries()) {
        if (route.redirect === undefined) continue;
        for (const key of notOfRedirects.filter((one) => route[one] !== undefined))
          report(
            "route-unclear",
            at(["routes", i, key]),
            `a redirect is answered by the proxy itself, so ${key} means nothing beside it`,
          );
      }
    }
  }
};

/** A redirect keeps the path: one to its own host would be asked again and again. */
export const redirectsLeadElsewhere: Rule = ({ apps, unlisted }, report) => {
  if (unlisted.apps) return;
  const all = apps.flatMap(({ routes }) => routes);
  const hosts = new Set(all.map(({ host }) => host));
  for (const { host, redirect, tls, reading, index } of all) {
    if (redirect === undefined || !reading.knows(["routes", index])) continue;
    const target = new URL(redirect);
    const isOwn = target.protocol === (tls === "off" ? "http:" : "https:") && target.port === "";
    const isHere = host === target.hostname || !hosts.has(target.hostname);
    if (!isOwn || !isHere || !isHostOf(target.hostname, host)) continue;
    report(
      "route-unclear",
      reading.at(["routes", index, "redirect"]),
      `${host} would be sent to itself, again and again`,
    );
  }
};

export const routesLeadToPorts: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const reading of variantsOf(app)) {
      for (const [i, route] of (reading.fields.routes ?? []).entries()) {
        if (route.redirect === undefined && reading.lacks(["routes", i, "redirect"]))
          leadsToPort(i, route, reading, report);
      }
    }
  }
};

function leadsToPort(
  index: number,
  { port: name }: Declared,
  { fields, at, lacks, knows }: Reading<AppFields>,
  report: Report,
): void {
  if (lacks(["port"])) {
    const text = "which port? Say where the app listens, for example port: 8080";
    report("route-without-port", at(["routes", index]), text);
    return;
  }
  const path = ["routes", index, "port"];
  if (!knows(["port"]) || !knows(path)) return;
  const port = portCalled(fields, name);
  if (port === undefined) {
    const text = (): string => noSuchPort(name ?? "", fields);
    report("unknown-port", at(path), text);
  } else if (knows(["protocol"]) && protocolOf(fields, port) === "tcp") {
    const text = `routes are for http, and protocol says that port ${port.name ?? port.number} is tcp`;
    report("route-unclear", at(path), text);
  }
}

const noSuchPort = (name: string, fields: AppFields): string => {
  const names = portsOf(fields).flatMap((port) => port.name ?? []);
  return names.length === 0
    ? `there is no port '${shown(name)}': the app's only one has no name`
    : `the app has no port named '${shown(name)}'${didYouMean(name, names)}`;
};

/** What is said by a port's name is said of a port that is there. */
export const portNamesExist: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, keys, lacks, knows } of variantsOf(app)) {
      if (lacks(["port"]) || !knows(["port"])) continue;
      for (const key of ["listen", "protocol"]) {
        for (const name of keys([key])) {
          if (portCalled(fields, name) === undefined)
            report("unknown-port", at([key, name]), () => noSuchPort(name, fields));
        }
      }
    }
  }
};

/** What is asked for leads to one place: a host and path are one app's in the whole fleet. */
export const routesDiffer: Rule = ({ apps }, report) => {
  const first = new Map<string, readonly [PlacedApp, FoundRoute][]>();
  for (const app of apps) {
    for (const route of app.routes) {
      if (!route.reading.knows(["routes", route.index, "path"])) continue;
      const key = `${route.host}${route.path}`;
      const others = first.get(key) ?? [];
      const other = others.find(([owner, one]) => owner !== app || meet(one, route));
      if (other === undefined) first.set(key, [...others, [app, route]]);
      else report("route-clash", route.where, clashOf(route, app, ...other));
    }
  }
};

/** Whether two routes of one app are in each other's way: what it is on other machines may lead elsewhere. */
const meet = (one: FoundRoute, other: FoundRoute): boolean =>
  one.reading === other.reading || one.on.some((machine) => other.on.includes(machine));

function clashOf(
  { host, path, where: here }: FoundRoute,
  app: PlacedApp,
  owner: PlacedApp,
  { where }: FoundRoute,
): string {
  const what = `${host}${path === "/" ? "" : path}`;
  if (owner.name === app.name) return `${what} is routed already (${placeOf(where)})`;
  const isInherited = where.line === here.line && where.file === here.file;
  if (owner.family === app.family && isInherited)
    return `${what} would lead to both '${owner.name}' and '${app.name}'; move routes into the service that they are for`;
  return `${what} leads to app '${owner.name}' already (${placeOf(where)})`;
}
