import type { Address } from "../model/address.ts";

/** Five heals in five minutes: something else keeps breaking it, and healing only hides that. */
const healLimit = 5;
const windowMs = 5 * 60_000;

/** Counts heals by resource. Immutable: each count gives the next state. */
export interface Heals {
  readonly at: ReadonlyMap<Address, readonly number[]>;
}

export const noHeals: Heals = { at: new Map() };

export function countHeals(heals: Heals, addresses: readonly Address[], nowMs: number): Heals {
  const at = new Map<Address, readonly number[]>();
  for (const [address, times] of heals.at) {
    const recent = times.filter((t) => nowMs - t < windowMs);
    if (recent.length > 0) at.set(address, recent);
  }
  for (const address of addresses)
    at.set(address, [...(at.get(address) ?? []), nowMs].slice(-healLimit));
  return { at };
}

/** Resources that are not healed for now. */
export const suspended = (heals: Heals, nowMs: number): ReadonlySet<Address> =>
  new Set(
    [...heals.at]
      .filter(([, t]) => t.filter((x) => nowMs - x < windowMs).length >= healLimit)
      .map(([a]) => a),
  );
