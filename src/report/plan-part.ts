import { type Address, appAddress, covers } from "../model/address.ts";
import { changesOf, type Plan } from "../model/plan.ts";

/**
 * The part of a plan that is about an address: what is at or below it, and what keeps it as it is from above. The
 * families of what is there stand for it too: a service is held with all of its file.
 */
export function planPart(plan: Plan, address: Address, families: readonly string[] = []): Plan {
  const above = new Set(["revision", ...families.map(appAddress)]);
  const isBelow = (one: { readonly address: Address; readonly family?: string }): boolean =>
    covers(address, one.address) ||
    (one.family !== undefined && address === appAddress(one.family));
  const concerns = (one: { readonly address: Address }): boolean =>
    isBelow(one) || covers(one.address, address) || above.has(one.address);
  const changes = changesOf(plan).filter(isBelow);
  return {
    revision: plan.revision,
    settings: [],
    groundTrials: [],
    trials: [],
    lastTrials: [],
    machines: changes.length === 0 ? [] : [{ machine: "", changes }],
    rollouts: [],
    cleanup: [],
    afterwards: [],
    reboots: [],
    held: plan.held.filter(concerns),
    unknown: plan.unknown.filter(concerns),
    awaiting: plan.awaiting.filter((one) => covers(address, one)),
  };
}
