import {
  addressText,
  isAskedByPath,
  splitAddress,
  usualCheck,
  type Member,
  type ProxyListen,
  type ProxyPool,
  type ProxyRoute,
  type ProxySpec,
} from "../kinds/index.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Listen } from "../model/listens.ts";
import { protocolOf, type Port } from "../model/ports.ts";
import type { PlacedRoute } from "../model/routes.ts";
import { servedIn } from "../model/served.ts";
import type { TrafficPool } from "../model/step.ts";
import { instancesServing, servingKey, type Serving } from "./addresses.ts";
import { fieldsOn, instancesOn } from "./names.ts";
import { healthPath, partOf } from "./served.ts";
import { listensOn, privateOf, type Proxies, type Routed } from "./proxies.ts";
import { bytes, milliseconds } from "./units.ts";
import type { MachineContext } from "./work.ts";

/** A machine's proxy; undefined where nothing there needs one, `awaiting` while an address that it binds is not known yet. */
export function proxySpec(
  machine: string,
  { bridge: { gateway, serving }, handsOn }: Pick<MachineContext, "bridge" | "handsOn">,
  placed: readonly AppDocument[],
  proxies: Proxies,
): ProxySpec | "awaiting" | undefined {
  if (!proxies.inUse) return undefined;
  const { documents } = proxies;
  const routes = proxies.routed.get(machine) ?? [];
  const listens = placed.flatMap((app) =>
    listensOn(app, machine, proxies).map((listen) => ({ app, listen })),
  );
  if (routes.length === 0 && listens.length === 0) return undefined;
  const own = privateOf(documents, machine);
  const addresses = own === undefined ? ["127.0.0.1", gateway] : [own];
  if (listens.length > 0 && addresses.includes(undefined)) return "awaiting";
  const pools = poolsOn(
    machine,
    routes,
    listens,
    proxies,
    (app, instance) =>
      fieldsOn(app, machine).network === "host"
        ? { address: "127.0.0.1" }
        : serving.get(servingKey(app.name, instance)),
    (app) => instancesServing(serving, app.name),
    handsOn,
  );
  const { trust = [] } = documents.settings.proxy ?? {};
  return {
    fleet: documents.fleet,
    ...proxies.image,
    routes: routes.map(({ app, route }) => routeOf(app, route)).toSorted(byHostAndPath),
    listens: listensBy(
      listens,
      addresses.filter((a) => a !== undefined),
      machine,
    ),
    pools,
    trust: trust.toSorted(),
    peers: proxies.peers,
  };
}

/** What a machine's proxy has of an app. */
export const poolsIn = (spec: ReturnType<typeof proxySpec>, app: string): readonly TrafficPool[] =>
  typeof spec === "object"
    ? spec.pools
        .filter((pool) => pool.app === app)
        .map((pool) => ({ name: pool.name, port: pool.port, ...optionalPath(pool) }))
    : [];

const optionalPath = (pool: ProxyPool): Pick<TrafficPool, "path"> => {
  const { path } = pool.check;
  return path === undefined || !isAskedByPath(pool) ? {} : { path };
};

interface Listened {
  readonly app: AppDocument;
  readonly listen: Listen;
}

/** `shop`, or `shop/ssh` for a port that is not the first. */
function poolName(app: AppDocument, port: Port): string {
  const part = partOf(app.fields, port);
  return part === "" ? app.name : `${app.name}/${part}`;
}

function poolsOn(
  machine: string,
  routes: readonly Routed[],
  listens: readonly Listened[],
  proxies: Proxies,
  whoServes: WhoServes,
  servingOf: (app: AppDocument) => readonly number[],
  handsOn: MachineContext["handsOn"],
): readonly ProxyPool[] {
  const pools = new Map<string, ProxyPool>();
  const add = (app: AppDocument, port: Port, route: PlacedRoute | undefined): void => {
    const name = poolName(app, port);
    const known = pools.get(name);
    const fields = fieldsOn(app, app.machines.includes(machine) ? machine : "");
    const path = healthPath(fields, port);
    pools.set(name, {
      name,
      app: app.name,
      protocol: protocolOf(fields, port),
      port: port.number,
      local: membersOn(app, machine, name, whoServes, servingOf(app)),
      remote:
        route === undefined
          ? (known?.remote ?? [])
          : remotesOf(app, port, route, machine, proxies, handsOn.get(name)),
      check: { ...usualCheck, ...(path === undefined ? {} : { path }) },
      sticky: known?.sticky === true || route?.sticky === true,
      gzip: known?.gzip === true || route?.gzip === true,
    });
  };
  for (const { app, listen } of listens) add(app, listen.port, undefined);
  for (const { app, route } of routes) if (route.port !== undefined) add(app, route.port, route);
  return [...pools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

type WhoServes = (
  app: AppDocument,
  instance: number,
) => Pick<Serving, "address" | "served"> | undefined;

/** Who is declared, and who is no longer and serves until it is taken away: that is when the others do. */
function membersOn(
  app: AppDocument,
  machine: string,
  pool: string,
  whoServes: WhoServes,
  serving: readonly number[],
): readonly Member[] {
  if (!app.machines.includes(machine) || fieldsOn(app, machine).state === "stopped") return [];
  const count = instancesOn(app, machine);
  const declared = Array.from({ length: count }, (_, i) => i + 1);
  return [...declared, ...serving.filter((instance) => instance > count)].map((instance) => {
    const found = whoServes(app, instance);
    if (found === undefined) return { instance };
    const served = servedIn(found.served, pool);
    return { instance, address: found.address, ...(served === undefined ? {} : { served }) };
  });
}

/** Through the proxies there, by their private addresses; whoever is new only once it serves. */
const remotesOf = (
  app: AppDocument,
  port: Port,
  { servedOn }: PlacedRoute,
  machine: string,
  proxies: Proxies,
  known: ReadonlySet<string> = new Set(),
): ProxyPool["remote"] => {
  const gone = proxies.isAway?.(app) === true ? goneFrom(known, proxies) : [];
  if (gone.length > 0) return gone;
  const remote = servedOn.flatMap((other) => {
    if (other === machine || fieldsOn(app, other).state === "stopped") return [];
    const address = privateOf(proxies.documents, other);
    const listen = listensOn(app, other, proxies).find((l) => l.port.number === port.number);
    if (address === undefined || listen === undefined) return [];
    const isKnown = known.has(addressText(address, listen.number));
    if (!isKnown && proxies.isComing(app, other)) return [];
    return [{ machine: other, address, port: listen.number }];
  });
  const awake = remote.filter((one) => one.machine !== proxies.resting);
  return awake.length === 0 ? remote : awake;
};

/** Those of machines that nobody declares any more: they are not touched, and go on serving until the app does elsewhere. */
const goneFrom = (known: ReadonlySet<string>, { peers }: Proxies): ProxyPool["remote"] =>
  [...known]
    .map((text) => {
      const [address, port] = splitAddress(text);
      return { machine: address, address, port: Number(port) };
    })
    .filter(
      ({ address, port }) =>
        !peers.some((peer) => addressText(peer, port) === addressText(address, port)),
    );

function routeOf(app: AppDocument, route: PlacedRoute): ProxyRoute {
  const { host, path, port, redirect, tls, stripPath, maintenance, gzip, sticky } = route;
  const { maxBody, timeout, rate } = route;
  return {
    host,
    path,
    ...(port === undefined ? {} : { pool: poolName(app, port) }),
    ...(redirect === undefined ? {} : { redirect }),
    tls: tls === "off" ? "off" : "on",
    stripPath,
    maintenance,
    gzip,
    sticky,
    ...(maxBody === undefined ? {} : { maxBodyBytes: bytes(maxBody) }),
    ...(timeout === undefined ? {} : { timeoutMs: milliseconds(timeout) }),
    ...(rate === undefined
      ? {}
      : { rate: { requests: rate.requests, perMs: milliseconds(rate.per) } }),
  };
}

const byHostAndPath = (a: ProxyRoute, b: ProxyRoute): number =>
  a.host !== b.host
    ? a.host < b.host
      ? -1
      : 1
    : b.path.length - a.path.length || (a.path < b.path ? -1 : 1);

function listensBy(
  listens: readonly Listened[],
  addresses: readonly string[],
  machine: string,
): readonly ProxyListen[] {
  const byNumber = Map.groupBy(listens, ({ listen }) => listen.number);
  return [...byNumber]
    .toSorted(([a], [b]) => a - b)
    .map(([port, all]) => ({
      port,
      addresses,
      protocol: all.every(({ listen }) => listen.protocol === "http") ? "http" : "tcp",
      pools: all
        .map(({ app, listen }) => ({
          pool: poolName(app, listen.port),
          names: namesOf(app, listen, machine),
        }))
        .toSorted((a, b) => (a.pool < b.pool ? -1 : 1)),
    }));
}

/** Within the fleet, and what an edge that hands a request on was asked for. */
function namesOf(app: AppDocument, { port }: Listen, machine: string): readonly string[] {
  const routed = app.routes.filter(
    (route) =>
      route.port?.number === port.number &&
      route.servedOn.includes(machine) &&
      route.on.some((on) => on !== machine),
  );
  return [
    app.name,
    `${app.name}.${machine}`,
    ...new Set(routed.map(({ host, path }) => (path === "/" ? host : `${host}${path}`))),
  ];
}
