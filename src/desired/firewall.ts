import type { FirewallSpec } from "../kinds/index.ts";
import { isLoopback, isPrivateAddress, isUnspecified, privateAddressOf } from "../lib/ip.ts";
import { openingText, parsePorts, type Opening } from "../lib/opening.ts";
import { parsePublish } from "../lib/publish.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument, MachineDocument } from "../model/documents.ts";
import { routePorts } from "../model/listens.ts";
import type { Resource } from "../model/resource.ts";
import { fieldsOn, instancesOn } from "./names.ts";
import { usualPort } from "./wireguard.ts";
import { privateOf, type Proxies } from "./proxies.ts";

/** What comes in to a machine from outside, where its file says that the rest is closed: given the apps on it. */
export function firewallOn(
  { name: machine, fields, at }: MachineDocument,
  apps: readonly AppDocument[],
  { documents, routed }: Proxies,
): readonly Resource[] {
  if (fields.firewall === undefined) return [];
  const privateAddress = privateAddressOf(fields);
  const peers = [...documents.machines.keys()]
    .filter((name) => name !== machine)
    .flatMap((name) => privateOf(documents, name) ?? []);
  const routes = routed.has(machine) ? routePorts.map((port) => opening("tcp", port)) : [];
  const { wireguard } = fields;
  const network = wireguard === undefined ? [] : [opening("udp", wireguard.port ?? usualPort)];
  const spec: FirewallSpec = {
    address: fields.address,
    ...(privateAddress === undefined ? {} : { privateAddress }),
    peers: [...new Set(peers)].toSorted(),
    ssh: fields.ssh?.port ?? 22,
    declared: distinct([...routes, ...network, ...apps.flatMap((app) => publicOf(app, machine))]),
    allow: distinct(allowed(fields.firewall)),
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
    const isAnywhere = typeof scope === "object" && isUnspecified(scope.ip);
    if (scope === "public" || isAnywhere) return [{ protocol, ports: host }];
    if (typeof scope === "string" || isPrivateAddress(scope.ip) || isLoopback(scope.ip)) return [];
    return [{ protocol, ports: host, to: scope.ip }];
  });
}

function allowed({ allow = [] }: NonNullable<MachineDocument["fields"]["firewall"]>) {
  return allow.flatMap(({ port, from, protocol = "tcp" }): readonly Opening[] => {
    const ports = parsePorts(port);
    if (ports === undefined) return [];
    if (from === undefined) return [{ protocol, ports }];
    return [from].flat().map((source) => ({ protocol, ports, from: source }));
  });
}
