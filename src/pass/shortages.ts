import { kindOf, type ContainerSpec } from "../kinds/index.ts";
import { groupBy } from "../lib/parallel.ts";
import type { Shortage } from "../model/shortage.ts";
import { diskShortages } from "./disk.ts";
import type { Survey } from "./survey.ts";

/** What does not fit, in order of name: memory for what is declared, disk for what the plan brings. */
export const shortagesOf = (
  look: Pick<Survey, "plan" | "resources" | "observations">,
): readonly Shortage[] =>
  [...memoryShortages(look), ...diskShortages(look)].toSorted((a, b) =>
    a.machine < b.machine ? -1 : Number(a.machine > b.machine),
  );

/**
 * Machines whose containers are declared to take more memory than there is: what is reserved for one, and
 * where nothing is, its limit. What a machine has that did not answer is not known.
 */
function memoryShortages({
  resources,
  observations,
}: Pick<Survey, "resources" | "observations">): readonly Shortage[] {
  const containers = resources.filter(({ kind }) => kind === kindOf("app/container").id);
  return [...groupBy(containers, ({ machine }) => machine)].flatMap(
    ([machine, own]): readonly Shortage[] => {
      const total = observations.get(machine)?.facts?.memoryTotalBytes;
      const declared = own.reduce((sum, { spec }) => sum + memoryOf(spec as ContainerSpec), 0);
      return total === undefined || declared <= total
        ? []
        : [{ machine, of: "memory", declared, total }];
    },
  );
}

const memoryOf = ({ running, limits }: ContainerSpec): number =>
  running ? (limits.memoryReservationBytes ?? limits.memoryBytes ?? 0) : 0;
