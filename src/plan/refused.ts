import { covers, machineOf, type Address } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import type { Refusal } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Held } from "../model/plan.ts";

export interface RefusedInput {
  readonly revision: string;
  readonly observations: ReadonlyMap<string, Observation>;
  /** What commits since then ask to be tried again. */
  readonly retried: readonly Address[];
}

/**
 * Takes out what would cut us off as it is declared, since it was tried and did; and what was not tried because of that,
 * while that is still wanted as it was (`all`).
 */
export function withoutRefused(
  changes: readonly Change[],
  all: readonly Change[],
  { revision, observations, retried }: RefusedInput,
): { readonly changes: readonly Change[]; readonly held: readonly Held[] } {
  const held: Held[] = [];
  const isWanted = ([address, digest]: readonly [Address, string]): boolean => {
    const observation = observations.get(machineOf(address) ?? "");
    // Of who does not answer nobody knows what would be changed there.
    const isSeen = observation === undefined || observation.facts !== undefined;
    return !isSeen || all.some((c) => c.address === address && c.trial === digest);
  };
  const stands = ({ tried = {} }: Refusal): boolean => Object.entries(tried).every(isWanted);
  const passed = changes.filter((change) => {
    const { address, machine, trial } = change;
    const inventory = observations.get(machine)?.inventory;
    if (trial === undefined || inventory?.state !== "present") return true;
    const refusal = inventory.value.refused?.[address];
    if (refusal?.digest !== trial || !stands(refusal)) return true;
    const isAsked = retried.some((wide) => covers(wide, address));
    if (isAsked && refusal.revision !== revision) return true;
    held.push({
      address,
      code: "locked-out",
      text: refusal.reason,
      needs: `another declaration, or Slipway-Retry: ${address}`,
      machine,
      failedAt: refusal.revision,
      ...(change.reason.where === undefined ? {} : { where: change.reason.where }),
    });
    return false;
  });
  return { changes: passed, held };
}
