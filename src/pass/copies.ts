import type { Documents } from "../model/documents.ts";
import type { Observation } from "../model/observation.ts";

type Observations = ReadonlyMap<string, Observation>;

/**
 * A machine with the record of another that is declared too: its disk was copied, or it goes by two names. Nothing is known
 * of it then, so that nothing there is touched. One that was renamed has the record of a name that nobody else has.
 */
export function withoutCopies(
  observations: Observations,
  { machines, fleet }: Pick<Documents, "machines" | "fleet">,
): Observations {
  const originals = [...observations].flatMap(([machine, { inventory }]) => {
    const recorded = inventory.state === "present" ? inventory.value.machine : machine;
    const isCopied =
      recorded !== machine && machines.has(recorded) && mayBe(observations.get(recorded), recorded);
    return isCopied ? [[machine, recorded] as const] : [];
  });
  if (originals.length === 0) return observations;
  return new Map([
    ...observations,
    ...originals.map(([machine, original]) => [machine, copyOf(machine, original, fleet)] as const),
  ]);
}

/** Whether its record is there by the name that it has; where it does not answer, it may be. */
function mayBe(observation: Observation | undefined, machine: string): boolean {
  if (observation === undefined || observation.inventory.state === "unknown") return true;
  return (
    observation.inventory.state === "present" && observation.inventory.value.machine === machine
  );
}

function copyOf(machine: string, original: string, fleet: string): Observation {
  const text =
    `it has the record of ${original}, which is declared too: its disk was copied from there, or both are one machine. ` +
    `Nothing is done on it; to make it one of its own remove /var/lib/slipway/${fleet} there`;
  return {
    machine,
    inventory: { state: "unknown", why: text },
    kinds: new Map(),
    troubles: [{ machine, class: "identity", text }],
  };
}
