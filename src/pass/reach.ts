import { fieldsOn } from "../desired/names.ts";
import { listensOn, proxiesFor, type Proxies } from "../desired/proxies.ts";
import { isLoopback, isPrivateAddress, privateAddressOf } from "../lib/ip.ts";
import { parsePublish } from "../lib/publish.ts";
import { listed } from "../lib/text.ts";
import type { AppDocument, Documents, MachineDocument } from "../model/documents.ts";
import { portsOf } from "../model/ports.ts";
import type { Reach } from "../model/reach.ts";
import { urlOf, type PlacedRoute } from "../model/routes.ts";

/** Who can reach what once these apps run: what is public first, by routes before ports. */
export function reachOf(apps: readonly AppDocument[], documents: Documents): readonly Reach[] {
  const proxies = proxiesFor(documents, apps);
  const ports = apps.flatMap((app) =>
    app.machines.flatMap((name) => {
      const machine = documents.machines.get(name);
      return machine === undefined ? [] : reachOn(app, machine, proxies);
    }),
  );
  return [
    ...apps.flatMap(routesTo),
    ...ports.filter((one) => one.isPublic),
    ...ports.filter((one) => !one.isPublic),
  ];
}

const routesTo = (app: AppDocument): readonly Reach[] =>
  app.routes
    .filter(({ on }) => on.length > 0)
    .map((route) => ({
      by: "route",
      app: app.name,
      machines: route.on,
      what: `${urlOf(route)} → ${targetOf(route, app)}`,
      who: "anyone",
      where: `the ${route.on.length === 1 ? "proxy" : "proxies"} of ${listed(route.on)}`,
      isPublic: true,
    }));

function targetOf({ redirect, maintenance, port, servedOn }: PlacedRoute, app: AppDocument) {
  if (redirect !== undefined) return redirect;
  const [first] = portsOf(app.fields);
  const isFirst = port === undefined || port.number === first?.number;
  const name = isFirst ? app.name : `${app.name} (${port.name ?? port.number})`;
  if (maintenance) return `503, ${name} is in maintenance`;
  return servedOn.some((machine) => runs(fieldsOn(app, machine)))
    ? name
    : `503, ${name} is stopped`;
}

const runs = ({ instances, state }: AppDocument["fields"]): boolean =>
  (instances ?? 1) > 0 && state !== "stopped";

function reachOn(app: AppDocument, machine: MachineDocument, proxies: Proxies): readonly Reach[] {
  const fields = fieldsOn(app, machine.name);
  if (!runs(fields)) return [];
  const there = { app: app.name, machines: [machine.name] };
  if (fields.network === "host") {
    const where = `${machine.name} (all addresses)`;
    return [
      {
        by: "host",
        ...there,
        what: `${app.name} (the machine's own network)`,
        ...(machine.fields.firewall === undefined
          ? { who: "anyone who reaches the machine", isPublic: true }
          : toHost(machine)),
        where,
      },
    ];
  }
  const numbers = new Set(listensOn(app, machine.name, proxies).map(({ number }) => number));
  const listens = [...numbers].map((number): Reach => {
    return {
      by: "listen",
      ...there,
      what: `${app.name}:${number}`,
      ...byScope("private", machine),
    };
  });
  const published = (fields.publish ?? []).map((text): Reach => {
    const { scope, host, protocol } = parsePublish(text);
    const ports = host[0] === host[1] ? `${host[0]}` : `${host[0]}-${host[1]}`;
    const what = `${app.name}:${ports}${protocol === "udp" ? "/udp" : ""}`;
    return { by: "publish", ...there, what, ...byScope(scope, machine) };
  });
  return [...listens, ...published];
}

/** Where `address` is the private one, its interface is closed but for the machines of the fleet. */
const insiders = ({ fields }: MachineDocument): string =>
  fields.firewall !== undefined && privateAddressOf(fields) === fields.address
    ? "the machines of the fleet"
    : "the private network";

/** Behind a firewall that does not know its ports: what comes in from outside is what the machine's file allows. */
function toHost(machine: MachineDocument): Pick<Reach, "who" | "isPublic"> {
  const allow = machine.fields.firewall?.allow ?? [];
  const ports = allow.map(({ port, protocol, from }) => {
    const who = from === undefined ? "" : ` from ${listed([from].flat())}`;
    return `${port}${protocol === "udp" ? "/udp" : ""}${who}`;
  });
  return {
    who: `${insiders(machine)}${ports.length === 0 ? "" : `, and from outside what the machine allows: ${ports.join(", ")}`}`,
    isPublic: ports.length > 0,
  };
}

function byScope(
  scope: ReturnType<typeof parsePublish>["scope"],
  machine: MachineDocument,
): Pick<Reach, "who" | "where" | "isPublic"> {
  const at = (address: string): string => `${machine.name} (${address})`;
  if (scope === "public") return { who: "anyone", where: at("all addresses"), isPublic: true };
  if (scope === "local")
    return { who: "the machine itself", where: at("127.0.0.1"), isPublic: false };
  if (scope !== "private") {
    const { ip } = scope;
    const isPublic = !isPrivateAddress(ip) && !isLoopback(ip);
    return { who: `whoever reaches ${ip}`, where: at(ip), isPublic };
  }
  const address = privateAddressOf(machine.fields);
  return address === undefined
    ? {
        who: "the machine itself and its containers",
        where: at("no private address"),
        isPublic: false,
      }
    : { who: insiders(machine), where: at(address), isPublic: false };
}
