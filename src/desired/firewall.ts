import type { FirewallSpec, PublishedPort } from "../kinds/index.ts";
import { isLoopback, isPrivateAddress, isUnspecified, privateAddressOf } from "../lib/ip.ts";
import { covers, openingText, parsePorts, type Opening } from "../lib/opening.ts";
import { parsePublish } from "../lib/publish.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument, MachineDocument } from "../model/documents.ts";
import { routePorts } from "../model/listens.ts";
import type { Resource } from "../model/resource.ts";
import { fieldsOn, instancesOn } from "./names.ts";
import { usualPort } from "./wireguard.ts";
import { privateOf, type Proxies } from "./proxies.ts";
import type { MachineContext } from "./work.ts";

/** What comes in to a machine from outside, where its file says that the rest is closed: given the apps on it. */
export function firewallOn(
  { name: machine, fields, at }: MachineDocument,
  apps: readonly AppDocument[],
  { documents, routed }: Proxies,
  published: MachineContext["published"] = new Map(),
): readonly Resource[] {
  if (fields.firewall === undefined) return [];
  const privateAddress = privateAddressOf(fields);
  const peers = [...documents.machines.keys()]
    .filter((name) => name !== machine)
    .flatMap((name) => privateOf(documents, name) ?? []);
  const routes = routed.has(machine) ? routePorts.map((port) => opening("tcp", port)) : [];
  const { wireguard } = fields;
  const network = wireguard === undefined ? [] : [opening("udp", wireguard.port ?? usualPort)];
  const leaving = distinct(
    apps.flatMap((app) => leavingOf(publicOf(app, machine), published.get(app.name) ?? [])),
  );
  const spec: FirewallSpec = {
    address: fields.address,
    ...(privateAddress === undefined ? {} : { privateAddress }),
    peers: [...new Set(peers)].toSorted(),
    ssh: fields.ssh?.port ?? 22,
    declared: distinct([...routes, ...network, ...apps.flatMap((app) => publicOf(app, machine))]),
    allow: distinct(allowed(fields.firewall)),
    ...(leaving.length === 0 ? {} : { leaving }),
  };
  return [
    {
      address: resourceAddress(machine, "machine/firewall", undefined, ""),
      kind: "machine/firewall",
      machine,
      name: "",
      spec,
      where: at(["firewall"]),
    },
  ];
}

const opening = (protocol: Opening["protocol"], port: number): Opening => ({
  protocol,
  ports: [port, port],
});

/** In order of their texts, so that another order in a file is no change. */
const distinct = (openings: readonly Opening[]): readonly Opening[] =>
  [...new Map(openings.map((one) => [openingText(one), one]))]
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, one]) => one);

function publicOf(app: AppDocument, machine: string): readonly Opening[] {
  const fields = fieldsOn(app, machine);
  if (instancesOn(app, machine) === 0 || fields.state === "stopped" || fields.network === "host")
    return [];
  return (fields.publish ?? []).flatMap((text): readonly Opening[] => {
    const { scope, host, protocol } = parsePublish(text);
    if (scope === "public") return [{ protocol, ports: host }];
    return typeof scope === "string" ? [] : publicAt(scope.ip, { protocol, ports: host });
  });
}

function publicAt(ip: string, at: Opening): readonly Opening[] {
  if (isUnspecified(ip)) return [at];
  return isPrivateAddress(ip) || isLoopback(ip) ? [] : [{ ...at, to: ip }];
}

/**
 * Where an app gets other ports that are public, those that it has go on until its container was replaced, or for good where that
 * fails. What only becomes fewer is closed at once.
 */
function leavingOf(
  declared: readonly Opening[],
  published: readonly PublishedPort[],
): readonly Opening[] {
  const open = distinct(
    published.flatMap(({ protocol, hostIp, hostPort }) =>
      publicAt(hostIp === "" ? "0.0.0.0" : hostIp, { protocol, ports: [hostPort, hostPort] }),
    ),
  );
  const isThere = (one: Opening): boolean =>
    open.filter((narrow) => covers(one, narrow)).length > one.ports[1] - one.ports[0];
  if (declared.every(isThere)) return [];
  return open.filter((one) => !declared.some((wide) => covers(wide, one)));
}

function allowed({ allow = [] }: NonNullable<MachineDocument["fields"]["firewall"]>) {
  return allow.flatMap(({ port, from, protocol = "tcp" }): readonly Opening[] => {
    const ports = parsePorts(port);
    if (ports === undefined) return [];
    if (from === undefined) return [{ protocol, ports }];
    return [from].flat().map((source) => ({ protocol, ports, from: source }));
  });
}
