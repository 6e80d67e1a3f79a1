/** An IPv4 network and how its addresses are shared out. */
export interface AddressRange {
  /** CIDR. */
  readonly subnet: string;
  readonly gateway: string;
  /** The part from which the engine gives addresses by itself; the rest is given by us, one by one. */
  readonly dynamic: string;
}

/** Networks of `size` (length of prefix) are cut from `base` (CIDR). */
export interface AddressPool {
  readonly base: string;
  readonly size: number;
}

interface Subnet {
  readonly first: number;
  readonly prefix: number;
}

/** Smaller ones have no room for addresses of ours. */
const longestPrefix = 26;
/** What an engine cuts its networks from where it was not told. Source: moby, libnetwork/ipamutils/utils.go. */
const engineDefault: readonly AddressPool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/16", size: 16 },
  { base: "172.19.0.0/16", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/14", size: 16 },
  { base: "172.28.0.0/14", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];

/**
 * The first network of these pools that meets none of the `taken` ones (CIDR), with the addresses `held` in it where that
 * can be: who has one of them cannot be started on another network.
 */
export function freeRange(
  declared: readonly AddressPool[],
  taken: readonly string[],
  held: Iterable<string> = [],
): AddressRange | undefined {
  const others = taken.flatMap((text) => parse(text) ?? []);
  const isFree = (subnet: Subnet): boolean => !others.some((other) => meet(other, subnet));
  const pools = (declared.length === 0 ? engineDefault : declared).flatMap(({ base, size }) => {
    const pool = parse(base);
    return pool === undefined || size < pool.prefix || size > longestPrefix ? [] : { pool, size };
  });
  for (const address of held) {
    const { pool, size } = pools.find((p) => meet(p.pool, parse(`${address}/32`) ?? p.pool)) ?? {};
    const subnet = pool === undefined ? undefined : parse(`${address}/${size}`);
    if (subnet !== undefined && isFree(subnet)) return rangeOf(textOf(subnet));
  }
  for (const { pool, size } of pools) {
    for (let n = 0; n < 2 ** (size - pool.prefix); n++) {
      const subnet = { first: pool.first + n * sizeOf(size), prefix: size };
      if (isFree(subnet)) return rangeOf(textOf(subnet));
    }
  }
  return undefined;
}

/** How we share out a network: the engine has its first quarter. Undefined for one that is too small. */
export function rangeOf(subnet: string): AddressRange | undefined {
  const net = parse(subnet);
  if (net === undefined || net.prefix > longestPrefix) return undefined;
  const dynamic = { first: net.first, prefix: net.prefix + 2 };
  return { subnet: textOf(net), gateway: addressOf(net.first + 1), dynamic: textOf(dynamic) };
}

/** An address that is ours to give and not taken: the same for the same `seed` while the same are taken. */
export function freeAddress(
  range: AddressRange,
  seed: number,
  taken: ReadonlySet<string>,
): string | undefined {
  const net = parse(range.subnet);
  if (net === undefined) return undefined;
  const quarter = sizeOf(net.prefix) / 4;
  // The last one is for broadcasts.
  const count = 3 * quarter - 1;
  for (let n = 0; n < count; n++) {
    const address = addressOf(net.first + quarter + ((seed + n) % count));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function parse(text: string): Subnet | undefined {
  const [, address = "", bits] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text) ?? [];
  const prefix = Number(bits);
  const parts = address.split(".").map(Number);
  if (bits === undefined || prefix > 32 || parts.some((part) => part > 255)) return undefined;
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  return { first: number - (number % sizeOf(prefix)), prefix };
}

const sizeOf = (prefix: number): number => 2 ** (32 - prefix);

const meet = (a: Subnet, b: Subnet): boolean =>
  a.first < b.first + sizeOf(b.prefix) && b.first < a.first + sizeOf(a.prefix);

const textOf = ({ first, prefix }: Subnet): string => `${addressOf(first)}/${prefix}`;

const addressOf = (number: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");
