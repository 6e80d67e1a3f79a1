import { isIP } from "node:net";

/** 4, 6, or undefined for what is no IP address. */
export function ipVersion(text: string): 4 | 6 | undefined {
  const version = isIP(text);
  return version === 4 || version === 6 ? version : undefined;
}

/** First address and length of prefix. */
const privateRanges: readonly (readonly [string, number])[] = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
];

/** Whether an address lies in a private range: RFC 1918, carrier-grade NAT (100.64/10), or ULA (fc00::/7). */
export function isPrivateAddress(address: string): boolean {
  const version = ipVersion(address);
  if (version === 6) return /^f[cd][0-9a-f]{2}:/i.test(address);
  return version === 4 && privateRanges.some(([net, prefix]) => within(address, net, prefix));
}

export function isLoopback(address: string): boolean {
  const version = ipVersion(address);
  if (version === 6) return /^[0:]*:0{0,3}1$/.test(address);
  return version === 4 && within(address, "127.0.0.0", 8);
}

/** `0.0.0.0` or `::`: every address of the machine. */
export const isUnspecified = (address: string): boolean =>
  ipVersion(address) !== undefined && /^(?:0\.0\.0\.0|[0:]+)$/.test(address);

const within = (address: string, net: string, prefix: number): boolean =>
  numberOf(address) >>> (32 - prefix) === numberOf(net) >>> (32 - prefix);

const numberOf = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0) >>> 0;

/**
 * The address that other machines use: that of its `wireguard`, else the declared one, else `address` where that lies in a private range;
 * undefined: there is none, and private ports bind only loopback and the bridge.
 */
export function privateAddressOf(machine: {
  readonly address?: string;
  readonly privateAddress?: string;
  readonly wireguard?: { readonly address: string };
}): string | undefined {
  if (machine.wireguard !== undefined) return machine.wireguard.address.split("/", 1)[0];
  if (machine.privateAddress !== undefined) return machine.privateAddress;
  return machine.address !== undefined && isPrivateAddress(machine.address)
    ? machine.address
    : undefined;
}
