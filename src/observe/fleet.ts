import type { About, AnyKind } from "../kinds/kind.ts";
import type { Clock } from "../lib/clock.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { Observation } from "../model/observation.ts";
import { machinePaths } from "../model/paths.ts";
import { RemoteError, type Fleet, type Target } from "../remote/session.ts";
import { observeMachine, unobserved } from "./observe.ts";

const machinesAtOnce = 50;

/** Looks at all machines at once. One that does not answer is an observation too: everything there is unknown. */
export async function observeFleet(
  { remote, clock }: { readonly remote: Fleet; readonly clock: Clock },
  targets: ReadonlyMap<string, Target>,
  kinds: readonly AnyKind[],
  fleet: string,
  namedOn: (machine: string) => About["named"] = () => undefined,
): Promise<ReadonlyMap<string, Observation>> {
  const { root } = machinePaths(fleet);
  const observations = await mapLimit([...targets.values()], machinesAtOnce, async (target) => {
    const named = namedOn(target.machine);
    const about = { fleet, root, ...(named === undefined ? {} : { named }) };
    try {
      return await observeMachine(await remote.session(target), kinds, about, {
        now: () => clock.now(),
      });
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return unobserved(target.machine, error);
    }
  });
  return new Map(observations.map((observation) => [observation.machine, observation]));
}
