import { asFailure } from "../apply/failure.ts";
import { takeLock, type Hold } from "../apply/lock.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Target } from "../remote/session.ts";
import type { World } from "./world.ts";

/** The machines that a pass holds under their locks. */
export interface Holds {
  readonly taken: ReadonlyMap<string, Hold>;
  readonly troubles: readonly Trouble[];
  /** Takes the locks that are not held yet, in order of name; one that another keeps is trouble of that machine. */
  take(machines: Iterable<string>, targets: ReadonlyMap<string, Target>): Promise<void>;
  release(): Promise<void>;
}

/** Another controller's pass may be about to end: worth this much waiting, never more. */
const patienceMs = 10_000;
const pauseMs = 250;

export function openHolds(world: World, fleet: string): Holds {
  const taken = new Map<string, Hold>();
  const troubles: Trouble[] = [];
  const given = new Set<string>();
  const takeOne = async (
    machine: string,
    target: Target | undefined,
    onLocked: () => void,
  ): Promise<void> => {
    if (target === undefined || taken.has(machine) || given.has(machine)) return;
    const untilMs = world.clock.now() + patienceMs;
    try {
      const session = await world.remote.session(target);
      for (;;) {
        const hold = await takeLock(session, fleet, world.clock, onLocked);
        if (hold !== undefined) return void taken.set(machine, hold);
        if (world.clock.now() > untilMs) throw new Error("locked");
        await world.clock.sleep(pauseMs);
      }
    } catch (error) {
      given.add(machine);
      troubles.push(troubleOf(machine, error));
    }
  };
  return {
    taken,
    troubles,
    take: async (machines, targets) => {
      const taking: Promise<void>[] = [];
      // In order of name are only the locks: what a holder reads and writes first goes on side by side.
      for (const machine of [...new Set(machines)].toSorted())
        await new Promise<void>((resolve) => {
          taking.push(takeOne(machine, targets.get(machine), resolve).finally(resolve));
        });
      await Promise.all(taking);
    },
    release: async () => {
      await Promise.all([...taken.values()].map((hold) => hold.release()));
      taken.clear();
    },
  };
}

function troubleOf(machine: string, error: unknown): Trouble {
  if (error instanceof Error && error.message === "locked") {
    return { machine, class: "locked", text: "another controller holds the machine's lock" };
  }
  const failure = asFailure(error);
  return { machine, class: failure.trouble, text: failure.message };
}
