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
    const why = whyUnhealed(change, input);
    if (why === undefined) return true;
    held.push({
      address: change.address,
      code: "drift",
      text: `${change.reason.text}; ${why.text}`,
      needs: why.needs,
      machine: change.machine,
      ...(change.app === undefined ? {} : { app: change.app }),
      ...(change.traces === undefined ? {} : { traces: change.traces }),
    });
    return false;
  });
  return { changes: passed, held };
}

function whyUnhealed(
  change: Change,
  input: DriftInput,
): Required<Pick<Held, "text" | "needs">> | undefined {
  const { address, family, machine } = change;
  // What a commit asks for anew is no drift.
  if (change.reason.code === "app-renamed") return undefined;
  if (family !== undefined && input.settled.get(machine)?.has(family) !== true) return undefined;
  if (input.suspended.has(address))
    return {
      text: "healed five times in five minutes, not again for now",
      needs: "what changes it to be found",
    };
  if (family === undefined || input.policies.get(family)?.drift !== "report") return undefined;
  return { text: "drift: report", needs: "its state put back, or drift: heal" };
}
