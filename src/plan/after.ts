import type { Change } from "../model/change.ts";
import type { Held } from "../model/plan.ts";

/**
 * Takes out what would change of families that wait for another; what is as it should be waits for nothing. What is `kept`
 * up at what ran last waits with all of its own, and what would change of it only puts that back.
 */
export function withoutWaiting(
  changes: readonly Change[],
  waiting: ReadonlyMap<string, string>,
  kept: ReadonlySet<string>,
): { readonly changes: readonly Change[]; readonly held: readonly Held[] } {
  const isWaiting = ({ family }: Change): boolean =>
    family !== undefined && waiting.has(family) && !kept.has(family);
  const stopped = changes.filter(isWaiting).flatMap(({ family }) => family ?? []);
  const held = [...waiting].filter(([family]) => kept.has(family) || stopped.includes(family));
  return {
    changes: changes.filter((change) => !isWaiting(change)),
    held: held.map(([family, other]) => ({
      address: `app/${family}`,
      code: "after",
      text: `it is after app/${other}, which is not at what is declared`,
      needs: `app/${other} first`,
      app: family,
    })),
  };
}
