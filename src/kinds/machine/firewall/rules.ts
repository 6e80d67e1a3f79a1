import {
  covers,
  openingText,
  parseNetwork,
  parsePorts,
  rangeText,
  type Opening,
} from "../../../lib/opening.ts";
import type { FirewallSpec, FirewallState } from "./state.ts";

export const tableOf = (fleet: string): string => `slipway-${fleet}`;

/** Interfaces that are closed: sorted; none where the machine has no side that is known to be outside. */
export function closedOn(
  { address }: FirewallSpec,
  { outside, links }: FirewallState,
): readonly string[] {
  const own = links[address.toLowerCase()];
  return [...new Set([...outside, ...(own === undefined ? [] : [own])])]
    .filter((link) => link !== "lo")
    .toSorted();
}

/** All that comes in there: what was opened last is told from what a commit would open. */
export function openedBy(want: FirewallSpec, have: FirewallState): readonly Opening[] {
  const ssh = [...new Set([want.ssh, have.sshPort ?? want.ssh])].toSorted((a, b) => a - b);
  return [
    ...ssh.map((port): Opening => ({ protocol: "tcp", ports: [port, port] })),
    ...want.declared,
    ...want.allow,
    ...stillOpen(want, have),
  ];
}

/** What leaves goes on as it is, and is never opened anew. */
export function stillOpen(
  { leaving = [] }: FirewallSpec,
  { rules }: FirewallState,
): readonly Opening[] {
  const before = openedIn(rules) ?? [];
  return leaving.filter((one) => before.some((wide) => covers(wide, one)));
}

const mark = "# open: ";

/**
 * The whole table, replaced at once. It stands after connections are tracked and before addresses are translated, so that what the
 * engine publishes does not slip past it.
 */
export function rulesOf(fleet: string, want: FirewallSpec, have: FirewallState): string {
  const table = `table inet ${tableOf(fleet)}`;
  const opened = openedBy(want, have);
  return [
    "# Written by Slipway, which restores what is changed here.",
    `${mark}${JSON.stringify(opened.map(openingText))}`,
    table,
    `delete ${table}`,
    `${table} {`,
    "chain prerouting {",
    "type filter hook prerouting priority -150; policy accept;",
    ...linesOf(want, have, opened),
    "}",
    "}",
    "",
  ].join("\n");
}

function linesOf(
  want: FirewallSpec,
  have: FirewallState,
  opened: readonly Opening[],
): readonly string[] {
  const closed = closedOn(want, have);
  return [
    `iifname != { ${closed.map((link) => `"${link}"`).join(", ")} } accept`,
    "ct state established,related accept",
    // Without these no IPv6, and no lease that is renewed.
    "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept",
    "udp sport 67 udp dport 68 accept",
    "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
    ...peerLines(want, have, closed),
    // Else whoever routes to a container's own address would come in by a port that is open here.
    "fib daddr type != local drop",
    "icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept",
    "icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept",
    ...new Set(opened.map(openingLine)),
    "drop",
  ];
}

/** The other machines, where one interface is both sides. */
function peerLines(
  { privateAddress, peers }: FirewallSpec,
  { links }: FirewallState,
  closed: readonly string[],
): readonly string[] {
  const own = privateAddress === undefined ? undefined : links[privateAddress.toLowerCase()];
  if (own === undefined || !closed.includes(own)) return [];
  return ([4, 6] as const).flatMap((version) => {
    const there = peers.filter((peer) => parseNetwork(peer)?.version === version);
    const word = version === 4 ? "ip" : "ip6";
    return there.length === 0
      ? []
      : [`iifname "${own}" ${word} saddr { ${there.join(", ")} } accept`];
  });
}

function openingLine({ protocol, ports, from, to }: Opening): string {
  const side = (word: string, address: string | undefined): string => {
    if (address === undefined) return "";
    return `${parseNetwork(address)?.version === 6 ? "ip6" : "ip"} ${word} ${address} `;
  };
  return `${side("saddr", from)}${side("daddr", to)}${protocol} dport ${rangeText(ports)} accept`;
}

/** What rules of ours open; undefined where they do not say so. */
export function openedIn(rules: string | undefined): readonly Opening[] | undefined {
  const line = rules?.split("\n").find((one) => one.startsWith(mark));
  if (line === undefined) return undefined;
  try {
    const texts: unknown = JSON.parse(line.slice(mark.length));
    return Array.isArray(texts) ? texts.flatMap((text) => openingFrom(String(text))) : undefined;
  } catch {
    return undefined;
  }
}

function openingFrom(text: string): readonly Opening[] {
  const [, protocol, port = "", from, to] =
    /^(tcp|udp) ([\d-]+)(?: from (\S+))?(?: to (\S+))?$/.exec(text) ?? [];
  const ports = parsePorts(port);
  if (ports === undefined || (protocol !== "tcp" && protocol !== "udp")) return [];
  return [
    {
      protocol,
      ports,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    },
  ];
}

/** What of `allow` was open before, by whatever. */
export const knownIn = (want: FirewallSpec, have: FirewallState): readonly Opening[] => {
  const before = openedIn(have.rules) ?? want.allow;
  const known = [...before, ...want.declared];
  return want.allow.filter((one) => known.some((wide) => covers(wide, one)));
};

/** What the machine's file lets in that was not open before; nothing where nothing was closed. */
export function widenedBy(want: FirewallSpec, have: FirewallState): readonly string[] {
  const known = knownIn(want, have);
  return want.allow.filter((one) => !known.includes(one)).map(openingText);
}
