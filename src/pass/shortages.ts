import { kindOf, type ContainerSpec } from "../kinds/index.ts";
import { groupBy } from "../lib/parallel.ts";
import type { Observation } from "../model/observation.ts";
import type { Resource } from "../model/resource.ts";
import type { Shortage } from "../model/shortage.ts";

/**
 * Machines whose containers are declared to take more memory than there is, in order of name: what is reserved for one, and
 * where nothing is, its limit. What a machine has that did not answer is not known.
 */
export function shortagesOf(
  resources: readonly Resource[],
  observations: ReadonlyMap<string, Observation>,
): readonly Shortage[] {
  const containers = resources.filter(({ kind }) => kind === kindOf("app/container").id);
  return [...groupBy(containers, ({ machine }) => machine)]
    .flatMap(([machine, own]): readonly Shortage[] => {
      const total = observations.get(machine)?.facts?.memoryTotalBytes;
      const declared = own.reduce((sum, { spec }) => sum + memoryOf(spec as ContainerSpec), 0);
      return total === undefined || declared <= total
        ? []
        : [{ machine, of: "memory", declared, total }];
    })
    .toSorted((a, b) => (a.machine < b.machine ? -1 : 1));
}

const memoryOf = ({ running, limits }: ContainerSpec): number =>
  running ? (limits.memoryReservationBytes ?? limits.memoryBytes ?? 0) : 0;
