import { resourceAddress, type Address } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import type { Observation } from "../model/observation.ts";
import type { UnknownLive } from "../model/plan.ts";

/** A family on a machine where it is no longer declared, and where something of it still serves. */
export interface Leaving {
  readonly family: string;
  readonly machine: string;
  /** Where it is declared it does not serve yet. */
  readonly isNeeded: boolean;
  /** Other machines whose proxies hand on to it. */
  readonly edges: readonly string[];
  /** The machine is no longer declared, and goes with all that it has. */
  readonly isEmptied?: true;
}

/** Machines whose proxies may do something else than they should, whether that is to be mended now or not. */
export const unsettledProxies = (
  differing: readonly Change[],
  unknown: readonly UnknownLive[],
  observations: ReadonlyMap<string, Observation>,
): ReadonlySet<string> =>
  new Set([
    ...differing.filter(({ kind }) => kind === "machine/proxy").map(({ machine }) => machine),
    ...unknown.filter((u) => u.address === proxyOf(u.machine)).map(({ machine }) => machine),
    ...[...observations].filter(([, o]) => o.facts === undefined).map(([machine]) => machine),
  ]);

/**
 * Marks what must not go in this round: who serves until others do, and until those that hand on to it were seen to send
 * nothing there any more: whose proxies are `unsettled` may.
 */
export function withoutHaste(
  changes: readonly Change[],
  leaving: readonly Leaving[],
  unsettled: ReadonlySet<string>,
): readonly Change[] {
  if (leaving.length === 0) return changes;
  const waits = new Map(
    leaving.flatMap(({ family, machine, isNeeded, edges }) => {
      const edge = edges.find((one) => unsettled.has(one));
      const until = isNeeded
        ? `${family} serves where it is declared`
        : edge && `the proxy of ${edge} sends nothing here`;
      return until === undefined ? [] : [[`${machine} ${family}`, until] as const];
    }),
  );
  const grounds = new Map(
    leaving.flatMap(({ family, machine }) => {
      const until = waits.get(`${machine} ${family}`);
      return until === undefined ? [] : [[machine, until] as const];
    }),
  );
  const emptied = new Set(leaving.flatMap((l) => (l.isEmptied === true ? l.machine : [])));
  return changes.map((change) => {
    if (change.action !== "delete") return change;
    const { family, machine, kind } = change;
    const isGround = family === undefined && (kind === "app/network" || emptied.has(machine));
    const until = isGround ? grounds.get(machine) : waits.get(`${machine} ${family}`);
    if (until === undefined) return change;
    const { reason } = change;
    const text = `${reason.text}; it stays until ${until}`;
    return { ...change, waits: until, reason: { ...reason, text } };
  });
}

/** Proxies that will hand on to others once these serve. */
export const proxiesToMove = (
  changes: readonly Change[],
  leaving: readonly Leaving[],
): readonly Address[] => {
  const waiting = new Set(changes.filter((c) => c.waits).map((c) => `${c.machine} ${c.family}`));
  const needed = leaving.filter((l) => l.isNeeded && waiting.has(`${l.machine} ${l.family}`));
  return [...new Set(needed.flatMap(({ edges }) => edges))].toSorted().map(proxyOf);
};

const proxyOf = (machine: string): Address =>
  resourceAddress(machine, "machine/proxy", undefined, "");
