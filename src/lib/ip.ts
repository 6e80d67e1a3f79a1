import { BlockList, isIP } from "node:net";

/** 4, 6, or undefined for what is no IP address. */
export function ipVersion(text: string): 4 | 6 | undefined {
  const version = isIP(text);
  return version === 4 || version === 6 ? version : undefined;
}

const privateRanges: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["fc00::", 7, "ipv6"],
];

/** Whether an address lies in a private range: RFC 1918, carrier-grade NAT (100.64/10), or ULA. */
export const isPrivateAddress = (address: string): boolean => within(address, privateRanges);

export const isLoopback = (address: string): boolean =>
  within(address, [
    ["127.0.0.0", 8, "ipv4"],
    ["::1", 128, "ipv6"],
  ]);

/** `0.0.0.0` or `::`: every address of the machine. */
export const isUnspecified = (address: string): boolean =>
  within(address, [
    ["0.0.0.0", 32, "ipv4"],
    ["::", 128, "ipv6"],
  ]);

function within(
  address: string,
  ranges: readonly (readonly [string, number, "ipv4" | "ipv6"])[],
): boolean {
  const version = ipVersion(address);
  if (version === undefined) return false;
  const list = new BlockList();
  for (const [net, prefix, family] of ranges) list.addSubnet(net, prefix, family);
  return list.check(address, version === 4 ? "ipv4" : "ipv6");
}

/**
 * The address that other machines use: the declared one, else `address` where that lies in a private range;
 * undefined: there is none, and private ports bind only loopback and the bridge.
 */
export function privateAddressOf(machine: {
  readonly address?: string;
  readonly privateAddress?: string;
}): string | undefined {
  if (machine.privateAddress !== undefined) return machine.privateAddress;
  return machine.address !== undefined && isPrivateAddress(machine.address)
    ? machine.address
    : undefined;
}
