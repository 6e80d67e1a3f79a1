import { optional } from "../optional.ts";
import type { Layout, LayoutBackend } from "./layout.ts";
import { addressText, byName, localOf, remoteSlot, slotPair } from "./naming.ts";
import type { Member, ProxyPool, ProxySpec, RemoteMember } from "./spec.ts";

/** One `server` of the configuration. */
export interface Slot {
  readonly backend: string;
  readonly server: string;
  /** With its port; absent: not in use. */
  readonly address?: string;
  /** Where its health is asked for, if it is by a path. */
  readonly path?: string;
}

/** Slots in use: `shop.local/i1a` → `172.18.0.5:8080`. */
export type Occupied = ReadonlyMap<string, string>;

export const slotName = ({ backend, server }: Pick<Slot, "backend" | "server">): string =>
  `${backend}/${server}`;

export const occupiedBy = (slots: readonly Slot[]): Occupied =>
  new Map(
    slots.flatMap((slot) => (slot.address === undefined ? [] : [[slotName(slot), slot.address]])),
  );

/**
 * Every slot of a layout with who should serve in it. Whoever has a slot keeps it; an instance whose address is another
 * than in its slots takes the one that is not in use, as the other may have requests under way.
 */
export function placeMembers(
  spec: ProxySpec,
  layout: Layout,
  occupied: Occupied = new Map(),
): readonly Slot[] {
  const pools = new Map(spec.pools.map((pool) => [pool.name, pool]));
  return layout.backends.toSorted(byName).flatMap((backend) => {
    const pool = backend.pool === undefined ? undefined : pools.get(backend.pool);
    const local = localSlots(backend, pool, occupied);
    const own = local.map((slot) => ({ backend: localOf(backend.name), ...slot }));
    if (backend.profile.protocol === "tcp") return own;
    const remote = remoteSlots(backend, pool?.remote ?? [], occupied);
    return [...own, ...[...remote, ...local].map((slot) => ({ backend: backend.name, ...slot }))];
  });
}

type Placed = Omit<Slot, "backend">;

const localSlots = (
  backend: LayoutBackend,
  pool: ProxyPool | undefined,
  occupied: Occupied,
): readonly Placed[] =>
  Array.from({ length: backend.locals }, (_, i) => i + 1).flatMap((instance) => {
    const member = pool?.local.find((one) => one.instance === instance);
    const address = pool === undefined ? undefined : addressOf(member, pool.port);
    const path = pathOf(backend, pool, member);
    const inUse = { ...optional("address", address), ...optional("path", path) };
    const [a, b] = slotPair(instance);
    const isB = address !== undefined && takesSecond(backend.name, [a, b], address, occupied);
    return [
      { server: a, ...(isB ? {} : inUse) },
      { server: b, ...(isB ? inUse : {}) },
    ];
  });

const addressOf = (member: Member | undefined, port: number): string | undefined =>
  member?.address === undefined
    ? undefined
    : addressText(member.address, member.served?.port ?? port);

const pathOf = (
  { profile }: LayoutBackend,
  pool: ProxyPool | undefined,
  member: Member | undefined,
): string | undefined =>
  profile.check === "connect" || member?.address === undefined
    ? undefined
    : (member.served?.path ?? pool?.check.path);

function takesSecond(
  backend: string,
  [a, b]: readonly [string, string],
  address: string,
  occupied: Occupied,
): boolean {
  const ofBoth = [localOf(backend), backend];
  const has = (server: string): boolean =>
    ofBoth.some((one) => occupied.get(`${one}/${server}`) === address);
  if (has(a) || has(b)) return !has(a);
  const isUsed = (server: string): boolean =>
    ofBoth.some((one) => occupied.has(`${one}/${server}`));
  return isUsed(a) && !isUsed(b);
}

function remoteSlots(
  backend: LayoutBackend,
  remote: readonly RemoteMember[],
  occupied: Occupied,
): readonly Placed[] {
  const servers = Array.from({ length: backend.remotes }, (_, i) => remoteSlot(i + 1));
  const sorted = remote.toSorted((x, y) => (x.machine < y.machine ? -1 : 1));
  const wanted = [...new Set(sorted.map(({ address, port }) => addressText(address, port)))];
  const inUse = (server: string): number => Number(occupied.has(`${backend.name}/${server}`));
  const kept = new Map<string, string>();
  for (const server of servers) {
    const found = occupied.get(`${backend.name}/${server}`);
    if (found !== undefined && wanted.includes(found) && ![...kept.values()].includes(found))
      kept.set(server, found);
  }
  const others = wanted.filter((address) => ![...kept.values()].includes(address));
  const free = servers
    .filter((server) => !kept.has(server))
    .toSorted((x, y) => inUse(x) - inUse(y));
  const filled = new Map(free.map((server, i) => [server, others[i]]));
  return servers.map((server) => ({
    server,
    ...optional("address", kept.get(server) ?? filled.get(server)),
  }));
}
