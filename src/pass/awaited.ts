import type { Compiled } from "../desired/work.ts";
import type { Observation } from "../model/observation.ts";

type Observations = ReadonlyMap<string, Observation>;

/** What can only be seen once something else is there is not planned before. */
export function withAwaited(
  { resources, awaiting }: Compiled,
  observations: Observations,
): Compiled {
  const awaited: Compiled["awaiting"][number][] = [];
  const ready = resources.filter(({ address, kind, machine, family }) => {
    const live = observations.get(machine)?.kinds.get(kind);
    if (live?.state !== "awaiting") return true;
    awaited.push({ address, on: live.on, ...(family === undefined ? {} : { family }) });
    return false;
  });
  return awaited.length === 0
    ? { resources, awaiting }
    : { resources: ready, awaiting: [...awaited, ...awaiting] };
}
