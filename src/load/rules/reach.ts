import type { AppFields } from "../../generated/app.ts";
import type { Where } from "../../model/diagnostic.ts";
import { hasNumber, isPublished, listensOf } from "../../model/listens.ts";
import { portsOf, protocolOf, type Port } from "../../model/ports.ts";
import { atOn, readingOn, variantsOf } from "../expand.ts";
import type { Reading } from "../reading.ts";
import type { FoundRoute } from "../routes.ts";
import { privateAddressOn } from "./private.ts";
import { inShort, instancesOn, type PlacedApp, type Repo, type Rule } from "./repo.ts";

export const listensAreClear: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, lacks } of variantsOf(app)) {
      if (!hasNumber(fields.listen)) continue;
      const why =
        fields.network === "host"
          ? "with network: host the app listens on the machine itself; leave listen out"
          : lacks(["port"])
            ? "which port? Say where the app listens in its container, for example port: 8080"
            : undefined;
      if (why !== undefined) report("listen-unclear", at(["listen"]), why);
    }
  }
};

/** An app has one name for all its ports: they need numbers of their own. */
export const listensOfOneDiffer: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      const seen = new Set<number>();
      for (const { number, path, declared } of listensOf(fields)) {
        if (!declared) continue;
        if (seen.has(number))
          report("port-clash", at(path), `another port of app '${app.name}' has ${number} already`);
        seen.add(number);
      }
    }
  }
};

/** Proxies that stand elsewhere ask an app by its machine's private address, under its number there. */
export const chosenProxiesReachApps: Rule = (repo, report) => {
  for (const app of repo.apps) {
    for (const route of app.routes) {
      if (!route.chosen || !route.onKnown || route.port === undefined) continue;
      const { where, port } = route;
      const from = `the proxy of ${inShort(route.on)} cannot reach app '${app.name}' on`;
      const away = awayFrom(route, app);
      const closed = away.filter((machine) => hasNoAddress(machine, repo));
      if (closed.length > 0)
        report(
          "route-unreachable",
          where,
          `${from} ${inShort(closed)}, which has no privateAddress`,
        );
      const silent = away.find((machine) => isSilent(port, app, machine, repo));
      if (silent === undefined) continue;
      const why = whySilent(readingOn(app, silent).fields, port.number);
      report("route-unreachable", where, `${from} ${silent}: ${why}`);
    }
  }
};

/** Where it runs without being where it is asked for. */
function awayFrom({ on, servedOn }: FoundRoute, app: PlacedApp): readonly string[] {
  const here = new Set(on);
  return servedOn.filter((machine) => !here.has(machine) && (instancesOn(app, machine) ?? 0) > 0);
}

function hasNoAddress(machine: string, { machines }: Repo): boolean {
  const document = machines.get(machine);
  return document !== undefined && privateAddressOn(document) === "none";
}

/** Whether a port surely has no number on a machine. */
function isSilent({ number }: Port, { name }: PlacedApp, machine: string, repo: Repo): boolean {
  const there = repo.proxies.listens.get(machine)?.get(name);
  return there !== undefined && there.every((one) => one.port.number !== number);
}

function whySilent(fields: AppFields, port: number): string {
  if (fields.network === "host") return "with network: host it has no number for the fleet";
  const example = "say one, for example listen: 8080";
  if (fields.listen !== undefined) return `listen leaves it without a number; ${example}`;
  if (isPublished(fields, port)) return `publish takes the place of its number; ${example}`;
  return `port ${port} is taken there, so it has no number for the fleet; ${example}`;
}

/** Where an app has routes on several machines, their proxies ask each other when it does not answer on their own. */
export const routedAppsHaveNumbers: Rule = (repo, report) => {
  for (const app of repo.apps) {
    const told = new Map<Where, { readonly port: number; readonly machines: Set<string> }>();
    for (const route of app.routes) {
      const { port, servedOn } = route;
      if (port === undefined || servedOn.length < 2) continue;
      const away = new Set(route.chosen ? awayFrom(route, app) : []);
      const path = port.name === undefined ? ["port"] : ["port", port.name];
      for (const machine of servedOn) {
        if (away.has(machine) || !isSilent(port, app, machine, repo)) continue;
        if (!gaveWay(port, readingOn(app, machine))) continue;
        const where = atOn(app, machine, path);
        const all = told.get(where) ?? { port: port.number, machines: new Set<string>() };
        told.set(where, all);
        all.machines.add(machine);
      }
    }
    for (const [where, { port, machines }] of told)
      report(
        "listen-taken",
        where,
        `port ${port} of ${inShort([...machines])} is taken, so other machines cannot reach app '${app.name}' there; say another number for that, for example listen: 8080`,
      );
  }
};

/** Whether a port would have a number if that were free. */
const gaveWay = ({ number }: Port, { fields, lacks }: Reading<AppFields>): boolean =>
  lacks(["listen"]) && listensOf(fields).some((one) => one.port.number === number);

/** Shares of requests, and counts of their answers, are the proxy's. */
export const canariesHaveRequests: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, knows } of variantsOf(app)) {
      if (!["port", "protocol", "routes"].every((key) => knows([key]))) continue;
      const isHttp = portsOf(fields).some((port) => protocolOf(fields, port) === "http");
      const { deploy = {} } = fields;
      for (const key of ["canary", "maxErrors"] as const) {
        if (deploy[key] === undefined) continue;
        const why = isHttp
          ? key === "canary" && fields.deploy?.strategy === "stop-first"
            ? "needs old and new side by side, and stop-first has one at a time"
            : undefined
          : "is about requests, and the app has none that the proxy sees: neither routes nor protocol: http";
        if (why !== undefined) report("canary-unclear", at(["deploy", key]), `${key} ${why}`);
      }
    }
  }
};
