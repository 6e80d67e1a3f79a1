import type { Inventory } from "../model/inventory.ts";
import type { Decision } from "../plan/marks.ts";
import type { FamilyPolicy } from "../plan/order.ts";
import type { InputDigests } from "./decisions.ts";

export interface WaitingInput {
  readonly policies: ReadonlyMap<string, FamilyPolicy>;
  readonly decisions: ReadonlyMap<string, Decision>;
  /** Its image cannot be named, or a machine of it is not ready for it. */
  isBarred(family: string): boolean;
  /** A freeze or a pause keeps its new form back: it waits for that alone. */
  isBehind(family: string): boolean;
  /** Nothing of its own differs from what was proven before: it is only kept up. */
  isUnchanged(family: string): boolean;
}

/**
 * Families that change and are `after` one that is not at what is declared (it failed, its image cannot be named, or it
 * waits itself), each with that one. What failed in an earlier pass still comes first.
 */
export function waitingFamilies(input: WaitingInput): ReadonlyMap<string, string> {
  const waits = new Map<string, string | undefined>();
  const waitsFor = (family: string): string | undefined => {
    if (waits.has(family)) return waits.get(family);
    // Cycles are findings; this only keeps one from being endless.
    waits.set(family, undefined);
    const isKept =
      input.decisions.get(family)?.state !== "go" ||
      input.isBehind(family) ||
      input.isUnchanged(family);
    const first = isKept ? [] : (input.policies.get(family)?.after ?? []);
    const found = first.find((other) => !isUp(other));
    waits.set(family, found);
    return found;
  };
  const isUp = (family: string): boolean => {
    const decision = input.decisions.get(family);
    const isTried =
      decision?.state === "go" && decision.apart === undefined && !input.isBehind(family);
    return isTried && !input.isBarred(family) && waitsFor(family) === undefined;
  };
  return new Map(
    [...input.decisions.keys()].flatMap((family) => {
      const other = waitsFor(family);
      return other === undefined ? [] : [[family, other] as const];
    }),
  );
}

/** Of families that wait, the revisions at which they are kept up meanwhile; one that never worked has none. */
export const keptRevisions = (
  waiting: ReadonlyMap<string, string>,
  decisions: ReadonlyMap<string, Decision>,
): ReadonlyMap<string, string> =>
  new Map(
    [...waiting.keys()].flatMap((family) => {
      const revision = decisions.get(family)?.good?.revision;
      return revision === undefined ? [] : [[family, revision] as const];
    }),
  );

/** What is kept up waits for nobody. */
export const keptPolicies = (
  policies: ReadonlyMap<string, FamilyPolicy>,
  kept: ReadonlySet<string>,
): ReadonlyMap<string, FamilyPolicy> =>
  new Map(
    [...policies].map(([family, policy]) => [
      family,
      kept.has(family) ? { ...policy, after: [] } : policy,
    ]),
  );

/** Whether a family's own input was proven on each of its machines, whatever became of those that it is `after`. */
export const isUnchangedOn = (
  family: string,
  machines: readonly string[],
  inventories: ReadonlyMap<string, Inventory>,
  ownDigests: InputDigests,
): boolean =>
  machines.every((machine) => {
    const own = ownDigests(machine, family);
    // Of one that does not answer nothing is known, and nothing is planned.
    return own === undefined || inventories.get(machine)?.apps[family]?.good?.own === own;
  });
