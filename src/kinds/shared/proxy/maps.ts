import { Unreadable } from "../../../model/live.ts";
import type { Layout } from "./layout.ts";
import { localKey, localOf } from "./naming.ts";
import { slotName, type Slot } from "./slots.ts";
import type { ProxyListen, ProxyPool, ProxyRoute, ProxySpec } from "./spec.ts";

/**
 * The tables that a running proxy looks up, each a file of lines `key value`. In the order in which they are to be
 * filled: what is looked up first is said last, and taken back first.
 */
export const mapNames = [
  "acme.map",
  "peers.map",
  "trust.map",
  "check-paths.map",
  "check-hosts.map",
  "owners.map",
  "pools.map",
  "bodies.map",
  "maintenance.map",
  "rates.map",
  "redirects.map",
  "sticky.map",
  "strips.map",
  "timeouts.map",
  "tls.map",
  "routes.map",
  "names.map",
  "hosts.map",
] as const;

export type MapName = (typeof mapNames)[number];

export type MapEntries = ReadonlyMap<string, string>;

/** File → text, its lines in order. */
export const renderMaps = (
  maps: Readonly<Record<MapName, MapEntries>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(maps).map(([name, entries]) => [name, mapText(entries)]));

const mapText = (entries: MapEntries): string =>
  [...entries]
    .map(([key, value]) => `${key} ${value}\n`)
    .toSorted()
    .join("");

/** Of a file, or what `show map` says with the first column taken off. */
export function parseMap(text: string): MapEntries {
  const entries = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, key, value] = /^(\S+)[ \t]+(\S.*?)[ \t]*$/.exec(line) ?? [];
    if (key === undefined || value === undefined)
      throw new Unreadable(`a map has a line without a key and a value`);
    entries.set(key, value);
  }
  return entries;
}

export function mapEntries(
  spec: ProxySpec,
  layout: Layout,
  slots: readonly Slot[],
): Readonly<Record<MapName, MapEntries>> {
  const { routes, pools, listens } = spec;
  const backends = layout.backends.flatMap(({ name, pool, profile }) => {
    const found = pools.find((one) => one.name === pool);
    return found === undefined ? [] : [{ name, pool: found, isHttp: profile.protocol === "http" }];
  });
  const locals = new Set(backends.map(({ name }) => localOf(name)));
  const checked = slots.filter(({ backend }) => locals.has(backend));
  const ofRoutes = (value: (route: ProxyRoute) => string | number | undefined): MapEntries =>
    entriesOf(routes.map((route) => [routeKey(route), value(route)]));
  return {
    "acme.map": new Map(),
    "peers.map": entriesOf(spec.peers.map((address) => [address, "peer"])),
    "trust.map": entriesOf(spec.trust.map((range) => [range, "trusted"])),
    "check-paths.map": entriesOf(checked.map((slot) => [slotName(slot), slot.path])),
    "check-hosts.map": entriesOf(
      backends.map(({ name, pool }) => [localOf(name), checkHost(pool, routes)]),
    ),
    "owners.map": entriesOf(
      backends.map(({ name, pool, isHttp }) => [name, isHttp ? pool.name : undefined]),
    ),
    "pools.map": entriesOf(
      backends.flatMap(({ name, pool, isHttp }) => [
        [localKey(pool.name), localOf(name)],
        [pool.name, isHttp ? name : undefined],
      ]),
    ),
    "bodies.map": ofRoutes(({ maxBodyBytes }) => maxBodyBytes),
    "maintenance.map": ofRoutes(({ maintenance }) => (maintenance ? "on" : undefined)),
    "rates.map": ofRoutes(({ rate }) =>
      rate === undefined ? undefined : `${rate.requests}/${rate.perMs}`,
    ),
    "redirects.map": ofRoutes(({ redirect }) => redirect?.replace(/\/$/, "")),
    "sticky.map": entriesOf([
      ...routes.map((route) => [routeKey(route), route.sticky ? "on" : undefined] as const),
      ...pools.map((pool) => [`=${pool.name}`, pool.sticky ? "on" : undefined] as const),
    ]),
    "strips.map": ofRoutes(({ stripPath, path }) =>
      stripPath && path !== "/" ? path.replace(/\/$/, "") : undefined,
    ),
    "timeouts.map": ofRoutes(({ timeoutMs }) => timeoutMs),
    "tls.map": ofRoutes(({ tls }) => (tls === "on" ? "on" : undefined)),
    "routes.map": ofRoutes(({ pool }) => pool),
    "names.map": entriesOf(listens.flatMap(listenEntries)),
    "hosts.map": ofRoutes(routeKey),
  };
}

/** With a `/` behind its path, so that it covers whole segments. */
const routeKey = ({ host, path }: Pick<ProxyRoute, "host" | "path">): string =>
  `${host}${path.endsWith("/") ? path : `${path}/`}`;

/** `8080`: whoever asks for another name; `8080/shop`: by name; `8080=shop`: what another machine's proxy asks for. */
const listenEntries = ({ port, pools }: ProxyListen): readonly (readonly [string, string])[] => [
  ...pools.slice(0, 1).map(({ pool }) => [`${port}`, pool] as const),
  ...pools.map(({ pool }) => [`${port}=${pool}`, pool] as const),
  ...pools.flatMap(({ pool, names }) => names.map((name) => [`${port}/${name}`, pool] as const)),
];

/** An app may answer only to its public name. */
const checkHost = (
  { name, app, check }: ProxyPool,
  routes: readonly ProxyRoute[],
): string | undefined =>
  check.path === undefined
    ? undefined
    : (routes.find(({ pool, host }) => pool === name && !host.startsWith("*"))?.host ?? app);

/** The first one counts where a key is said twice. */
function entriesOf(pairs: readonly (readonly [string, string | number | undefined])[]): MapEntries {
  const entries = new Map<string, string>();
  for (const [key, value] of pairs)
    if (value !== undefined && !entries.has(key)) entries.set(key, String(value));
  return entries;
}
