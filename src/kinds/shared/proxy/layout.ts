import { canonicalJson } from "../../../lib/json.ts";
import { optional } from "../optional.ts";
import { byName, slotsFor } from "./naming.ts";
import type { ProxyListen, ProxyPool, ProxySpec } from "./spec.ts";

/**
 * What of a proxy cannot be changed while it runs: where it listens, its backends and how much room they have. Which
 * pool has which backend is in it too, as that is to be kept; it is moved at runtime.
 */
export interface Layout {
  readonly version: number;
  /** Whether 80 is bound, or 443 too. */
  readonly routes: "none" | "http" | "https";
  /** In order of port. */
  readonly listens: readonly LayoutListen[];
  /** Rates are counted in a table for each period. In order. */
  readonly ratePeriodsMs: readonly number[];
  /** In order of name. */
  readonly backends: readonly LayoutBackend[];
}

export interface LayoutListen {
  readonly port: number;
  /** In order. */
  readonly addresses: readonly string[];
  readonly protocol: "http" | "tcp";
}

/** With http a pair: one for routes, one of what is on this machine; with tcp only the latter. */
export interface LayoutBackend {
  readonly name: string;
  readonly profile: Profile;
  /** Instances on this machine that have slots. */
  readonly locals: number;
  /** Other machines' proxies that have slots. */
  readonly remotes: number;
  /** Whose it is now; a spare one is nobody's. */
  readonly pool?: string;
}

export interface Profile {
  readonly protocol: "http" | "tcp";
  readonly check: "path" | "connect";
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly gzip: boolean;
}

/** To be raised with every change of what is rendered from the same layout. */
export const layoutVersion = 2;

/** What is there as far as the spec fits into it without another layout, else a fresh one. */
export function layoutFor(spec: ProxySpec, found: Layout | undefined): Layout {
  return (found === undefined ? undefined : fitted(spec, found)) ?? freshLayout(spec);
}

/** Whether the runtime API alone gets from one to the other. */
export const sameLayout = (a: Layout, b: Layout): boolean => fixedPart(a) === fixedPart(b);

const fixedPart = (layout: Layout): string =>
  canonicalJson({ ...layout, backends: layout.backends.map(({ pool: _, ...fixed }) => fixed) });

function fitted(spec: ProxySpec, found: Layout): Layout | undefined {
  const fits =
    found.version === layoutVersion &&
    found.routes === routesOf(spec) &&
    canonicalJson(found.listens) === canonicalJson(listensOf(spec)) &&
    periodsOf(spec).every((period) => found.ratePeriodsMs.includes(period));
  const pools = fits ? assigned(spec.pools, found.backends) : undefined;
  if (pools === undefined) return undefined;
  const backends = found.backends.map(({ pool: _, ...fixed }) => ({
    ...fixed,
    ...optional("pool", pools.get(fixed.name)),
  }));
  return { ...found, backends };
}

/**
 * Backend → pool. Who fits stays. Others take what was spare before: a backend that just became free may still have
 * requests of another app under way.
 */
function assigned(
  pools: readonly ProxyPool[],
  backends: readonly LayoutBackend[],
): ReadonlyMap<string, string> | undefined {
  const stays = (pool: ProxyPool): LayoutBackend | undefined =>
    backends.find((backend) => backend.pool === pool.name && hasRoomFor(backend, pool));
  const taken = new Map<string, string>();
  for (const pool of pools) {
    const own = stays(pool);
    if (own !== undefined) taken.set(own.name, pool.name);
  }
  for (const pool of pools.filter((pool) => stays(pool) === undefined).toSorted(byName)) {
    const spare = backends
      .filter((one) => one.pool === undefined && !taken.has(one.name) && hasRoomFor(one, pool))
      .toSorted((a, b) => rank(a, pool) - rank(b, pool) || byName(a, b))[0];
    if (spare === undefined) return undefined;
    taken.set(spare.name, pool.name);
  }
  return taken;
}

const hasRoomFor = (backend: LayoutBackend, pool: ProxyPool): boolean =>
  canonicalJson(backend.profile) === canonicalJson(profileOf(pool)) &&
  backend.locals >= instancesOf(pool) &&
  backend.remotes >= remotesOf(pool);

/** The one that is called like it, then one that is nobody's by name, then what another app has left. */
const rank = (backend: LayoutBackend, pool: ProxyPool): number => {
  if (backend.name === backendNameOf(pool.name)) return 0;
  return isSpareName(backend.name) ? 1 : 2;
};

function freshLayout(spec: ProxySpec): Layout {
  const own = spec.pools.map((pool): LayoutBackend => ({
    name: backendNameOf(pool.name),
    profile: profileOf(pool),
    locals: slotsFor(instancesOf(pool)),
    remotes: pool.protocol === "tcp" ? 0 : slotsFor(remotesOf(pool)),
    pool: pool.name,
  }));
  const listens = listensOf(spec);
  const hasHttp = spec.routes.length > 0 || listens.some(({ protocol }) => protocol === "http");
  return {
    version: layoutVersion,
    routes: routesOf(spec),
    listens,
    ratePeriodsMs: [...new Set([...usualPeriodsMs, ...periodsOf(spec)])].toSorted((a, b) => a - b),
    backends: [...own, ...(hasHttp ? spares(spec) : [])].toSorted(byName),
  };
}

const usualPeriodsMs = [1_000, 10_000, 60_000, 3_600_000];

/** How often a proxy asks each member for its health, and how long it waits: all alike, so that spare ones fit. */
export const usualCheck = { intervalMs: 2_000, timeoutMs: 5_000 };

const spareKinds = [
  { check: "path", gzip: false, count: 4 },
  { check: "connect", gzip: false, count: 4 },
  { check: "path", gzip: true, count: 2 },
  { check: "connect", gzip: true, count: 2 },
] as const;

const spares = (spec: ProxySpec): readonly LayoutBackend[] =>
  spareKinds.flatMap(({ check, gzip, count }) =>
    Array.from({ length: count }, (_, i): LayoutBackend => ({
      name: `spare.${check}${gzip ? ".gzip" : ""}.${i + 1}`,
      profile: { protocol: "http", check, ...usualCheck, gzip },
      locals: 4,
      remotes: slotsFor(Math.min(spec.peers.length, 7)),
    })),
  );

const isSpareName = (name: string): boolean => name.startsWith("spare.");

/** No app has a `:` or a `.` in its name, no backend a `/`. */
const backendNameOf = (pool: string): string => pool.replaceAll("/", ":");

/** Only where all that serve have one. */
export const isAskedByPath = ({ protocol, check, local }: ProxyPool): boolean =>
  protocol === "http" &&
  check.path !== undefined &&
  local.every(({ served }) => served === undefined || served.path !== undefined);

const profileOf = (pool: ProxyPool): Profile => ({
  protocol: pool.protocol,
  check: isAskedByPath(pool) ? "path" : "connect",
  intervalMs: pool.check.intervalMs,
  timeoutMs: pool.check.timeoutMs,
  gzip: pool.protocol === "http" && pool.gzip,
});

const instancesOf = ({ local }: ProxyPool): number =>
  Math.max(0, ...local.map(({ instance }) => instance));

const remotesOf = ({ protocol, remote }: ProxyPool): number =>
  protocol === "tcp" ? 0 : remote.length;

const routesOf = ({ routes }: ProxySpec): Layout["routes"] => {
  if (routes.length === 0) return "none";
  return routes.some(({ tls }) => tls === "on") ? "https" : "http";
};

const listensOf = ({ listens }: ProxySpec): readonly LayoutListen[] =>
  listens
    .map(({ port, addresses, protocol }: ProxyListen): LayoutListen => ({
      port,
      addresses: addresses.toSorted(),
      protocol,
    }))
    .toSorted((a, b) => a.port - b.port);

const periodsOf = ({ routes }: ProxySpec): readonly number[] =>
  routes.flatMap(({ rate }) => (rate === undefined ? [] : [rate.perMs]));
