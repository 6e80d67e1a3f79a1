import type { Change } from "../model/change.ts";
import type { Held } from "../model/plan.ts";

/** Takes out what would change of families that wait for another; what is as it should be waits for nothing. */
export function withoutWaiting(
  changes: readonly Change[],
  waiting: ReadonlyMap<string, string>,
): { readonly changes: readonly Change[]; readonly held: readonly Held[] } {
  const held = new Map<string, Held>();
  const passed = changes.filter(({ family }) => {
    const other = family === undefined ? undefined : waiting.get(family);
    if (family === undefined || other === undefined) return true;
    held.set(family, {
      address: `app/${family}`,
      code: "after",
      text: `it is after app/${other}, which is not at what is declared`,
      needs: `app/${other} first`,
      app: family,
    });
    return false;
  });
  return { changes: passed, held: [...held.values()] };
}
