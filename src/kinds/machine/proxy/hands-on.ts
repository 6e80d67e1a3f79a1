import { slotsInUse } from "./wanted.ts";
import type { ProxyState } from "./state.ts";

/** By pool: the other machines' proxies, with their numbers, that a proxy hands on to. */
export function handsOnTo(have: ProxyState): ReadonlyMap<string, ReadonlySet<string>> {
  const pools = new Map((have.layout?.backends ?? []).map(({ name, pool }) => [name, pool]));
  const found = new Map<string, Set<string>>();
  for (const [slot, address] of slotsInUse(have)) {
    const [backend = "", server = ""] = slot.split("/");
    const pool = pools.get(backend);
    if (pool === undefined || !server.startsWith("r")) continue;
    found.set(pool, (found.get(pool) ?? new Set()).add(address));
  }
  return found;
}
