import { asFailure } from "../apply/failure.ts";
import { takeLock, type Hold } from "../apply/lock.ts";
import { orAbort } from "../lib/deadline.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Survey } from "./survey.ts";
import type { World } from "./world.ts";

/** The machines that a pass holds under their locks. */
export interface Holds {
  readonly taken: ReadonlyMap<string, Hold>;
  readonly troubles: readonly Trouble[];
  /**
   * Takes the locks that are not held yet, in order of name; one that another keeps is trouble of that machine. Says
   * whether another was at work there since the look: what it saw of those machines may be that one's work half done.
   * Once told to stop it waits for none: what is not held then is left alone.
   */
  take(machines: Iterable<string>, look: Seen): Promise<boolean>;
  /** What held these is gone: they are taken anew when they are needed. */
  lose(machines: readonly string[]): Promise<void>;
  release(): Promise<void>;
}

export type Seen = Pick<Survey, "targets" | "inventories">;

/** Another controller's pass may be about to end: worth this much waiting, never more. */
const patienceMs = 10_000;
const pauseMs = 250;

export function openHolds(world: World, fleet: string, stop: AbortSignal): Holds {
  const taken = new Map<string, Hold>();
  const troubles: Trouble[] = [];
  const given = new Set<string>();
  const takeOne = async (
    machine: string,
    { targets, inventories }: Seen,
    onLocked: () => void,
  ): Promise<boolean> => {
    const target = targets.get(machine);
    if (target === undefined || taken.has(machine) || given.has(machine)) return false;
    const untilMs = world.clock.now() + patienceMs;
    try {
      const session = await orAbort(world.remote.session(target), stop);
      for (let tries = 1; ; tries++) {
        const wish = { onLocked, signal: stop };
        const hold = await takeLock(session, fleet, world.clock, wish);
        if (hold !== undefined) {
          taken.set(machine, hold);
          return tries > 1 || hold.hasWaited || hasMoved(hold, inventories.get(machine));
        }
        if (world.clock.now() > untilMs) throw new Error("locked");
        await world.clock.sleep(pauseMs, stop);
      }
    } catch (error) {
      given.add(machine);
      if (stop.aborted) return false;
      const trouble = troubleOf(machine, error);
      troubles.push(trouble);
      return trouble.class === "locked";
    }
  };
  return {
    taken,
    troubles,
    take: async (machines, look) => {
      const taking: Promise<boolean>[] = [];
      // In order of name are only the locks: what a holder reads and writes first goes on side by side.
      for (const machine of [...new Set(machines)].toSorted())
        await new Promise<void>((resolve) => {
          taking.push(takeOne(machine, look, resolve).finally(resolve));
        });
      return (await Promise.all(taking)).includes(true);
    },
    lose: async (machines) => {
      const lost = machines.flatMap((machine) => taken.get(machine) ?? []);
      for (const { machine } of lost) taken.delete(machine);
      await Promise.all(lost.map((hold) => hold.release()));
    },
    release: async () => {
      await Promise.all([...taken.values()].map((hold) => hold.release()));
      taken.clear();
    },
  };
}

/** Our taking it raised the epoch by one; all else is another's doing. */
function hasMoved(hold: Hold, seen: Inventory | undefined): boolean {
  if (seen === undefined) return hold.epoch > 1;
  return canonicalJson({ ...seen, epoch: seen.epoch + 1 }) !== canonicalJson(hold.inventory());
}

function troubleOf(machine: string, error: unknown): Trouble {
  if (error instanceof Error && error.message === "locked") {
    return { machine, class: "locked", text: "another controller holds the machine's lock" };
  }
  const failure = asFailure(error);
  return { machine, class: failure.trouble, text: failure.message };
}
