import type { AppDocument } from "../model/documents.ts";
import type { FamilyPolicy } from "./order.ts";

/** How each app file wants to be rolled out. */
export function policiesOf(apps: readonly AppDocument[]): ReadonlyMap<string, FamilyPolicy> {
  const families = [...new Set(apps.map((a) => a.family))];
  return new Map(
    families.map((family) => {
      const members = apps.filter((a) => a.family === family);
      const machines = new Set(members.flatMap((m) => m.machines));
      const after = new Set(members.flatMap((m) => m.fields.after ?? []));
      const policy = {
        after: [...after].filter((f) => f !== family),
        onFailure: members[0]?.fields.deploy?.onFailure ?? ("revert" as const),
        batch: Math.max(...members.map((m) => batchOf(m.fields.deploy?.batch ?? 1, machines.size))),
        drift: members.some((m) => m.fields.drift === "report")
          ? ("report" as const)
          : ("heal" as const),
      };
      return [family, policy];
    }),
  );
}

/** A share is rounded down, as it says how many may be away at once; one goes in any case. */
function batchOf(declared: number | string, machines: number): number {
  if (typeof declared === "number") return declared;
  return Math.max(1, Math.floor((machines * Number.parseInt(declared, 10)) / 100));
}
