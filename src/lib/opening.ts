import { BlockList } from "node:net";
import { ipVersion } from "./ip.ts";
import type { PortRange } from "./publish.ts";

/** What may come in from outside. */
export interface Opening {
  readonly protocol: "tcp" | "udp";
  readonly ports: PortRange;
  /** A network in CIDR notation, or an address; absent: anyone. */
  readonly from?: string;
  /** The one address of the machine at which it arrives; absent: any of them. */
  readonly to?: string;
}

/** `tcp 8000-8010 from 198.51.100.0/24` */
export function openingText({ protocol, ports, from, to }: Opening): string {
  const who = from === undefined ? "" : ` from ${from}`;
  return `${protocol} ${rangeText(ports)}${who}${to === undefined ? "" : ` to ${to}`}`;
}

export const rangeText = ([first, last]: PortRange): string =>
  first === last ? `${first}` : `${first}-${last}`;

/** `443`, `8000-8010`; undefined for what is no range of ports. */
export function parsePorts(text: string | number): PortRange | undefined {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(`${text}`) ?? [];
  const range: PortRange = [Number(from), Number(to ?? from)];
  return range[0] >= 1 && range[1] <= 65_535 && range[0] <= range[1] ? range : undefined;
}

export interface Network {
  readonly version: 4 | 6;
  readonly address: string;
  readonly prefix: number;
}

/** Undefined for what is neither an address nor a network. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const version = address.includes("%") ? undefined : ipVersion(address);
  if (version === undefined || more.length > 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = Number(bits ?? longest);
  return prefix > longest ? undefined : { version, address, prefix };
}

/** Whether they are one network: of the same size, and each holds the other's address. */
export const sameNetwork = (one: Network, other: Network): boolean =>
  one.version === other.version &&
  one.prefix === other.prefix &&
  listOf(one).check(other.address, familyOf(other));

/** Whether all that comes in by the one comes in by the other as well. */
export const covers = (wide: Opening, narrow: Opening): boolean =>
  wide.protocol === narrow.protocol &&
  wide.ports[0] <= narrow.ports[0] &&
  wide.ports[1] >= narrow.ports[1] &&
  (wide.to === undefined || wide.to === narrow.to) &&
  (wide.from === undefined || (narrow.from !== undefined && holds(wide.from, narrow.from)));

function holds(wide: string, narrow: string): boolean {
  const outer = parseNetwork(wide);
  const inner = parseNetwork(narrow);
  if (outer === undefined || inner?.version !== outer.version) return false;
  if (inner.prefix < outer.prefix) return false;
  return listOf(outer).check(inner.address, familyOf(inner));
}

const familyOf = ({ version }: Network): "ipv4" | "ipv6" => (version === 4 ? "ipv4" : "ipv6");

function listOf(network: Network): BlockList {
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, familyOf(network));
  return list;
}
