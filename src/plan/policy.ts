import type { AppDocument } from "../model/documents.ts";
import type { FamilyPolicy } from "./order.ts";

/** How each app file wants to be rolled out. */
export function policiesOf(apps: readonly AppDocument[]): ReadonlyMap<string, FamilyPolicy> {
  const families = [...new Set(apps.map((a) => a.family))];
  return new Map(
    families.map((family) => {
      const members = apps.filter((a) => a.family === family);
      const after = new Set(members.flatMap((m) => m.fields.after ?? []));
      const policy = {
        after: [...after].filter((f) => f !== family),
        onFailure: members[0]?.fields.deploy?.onFailure ?? ("revert" as const),
        batch: Math.max(1, ...members.map((m) => batchOf(m.fields.deploy?.batch))),
        drift: members.some((m) => m.fields.drift === "report")
          ? ("report" as const)
          : ("heal" as const),
      };
      return [family, policy];
    }),
  );
}

/** A part of the machines is not known how to take yet: one at a time is always safe. */
const batchOf = (batch: number | string | undefined): number =>
  typeof batch === "number" ? batch : 1;
