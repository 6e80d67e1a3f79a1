import type { Address } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import type { Held } from "../model/plan.ts";
import type { FamilyPolicy } from "./order.ts";

export interface DriftInput {
  readonly policies: ReadonlyMap<string, FamilyPolicy>;
  readonly settled: ReadonlyMap<string, ReadonlySet<string>>;
  readonly suspended: ReadonlySet<Address>;
}

/** Takes out what drifted and is only to be told of: `drift: report`, and what has been healed too often. */
export function withoutUnhealed(
  changes: readonly Change[],
  input: DriftInput,
): { readonly changes: readonly Change[]; readonly held: readonly Held[] } {
  const held: Held[] = [];
  const passed = changes.filter((change) => {
    const text = whyUnhealed(change, input);
    if (text === undefined) return true;
    held.push({
      address: change.address,
      code: "drift",
      text: `${change.reason.text}; ${text}`,
      machine: change.machine,
      ...(change.app === undefined ? {} : { app: change.app }),
    });
    return false;
  });
  return { changes: passed, held };
}

function whyUnhealed(change: Change, input: DriftInput): string | undefined {
  const { address, family, machine } = change;
  // What a commit asks for anew is no drift.
  if (change.reason.code === "app-renamed") return undefined;
  if (family !== undefined && input.settled.get(machine)?.has(family) !== true) return undefined;
  if (input.suspended.has(address)) return "healed five times in five minutes, not again for now";
  if (family === undefined) return undefined;
  return input.policies.get(family)?.drift === "report" ? "drift: report" : undefined;
}
