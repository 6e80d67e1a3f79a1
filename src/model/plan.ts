import type { Address } from "./address.ts";
import type { Trace } from "./trace.ts";
import type { Change } from "./change.ts";
import type { Where } from "./diagnostic.ts";

/** What stays undone although it is declared, and what would let it through. */
export interface Held {
  readonly address: Address;
  /** `guard`, `destroy`, `failed-mark`, `halted`, … */
  readonly code: string;
  readonly text: string;
  /** The trailer that allows it: `Slipway-Allow: delete machine/web-1`. */
  readonly needs?: string;
  readonly where?: Where;
  readonly machine?: string;
  readonly app?: string;
  /** Of what was tried and came to nothing: the revision that did. */
  readonly failedAt?: string;
  /** Of what a guard keeps: the app file that it belongs to. */
  readonly family?: string;
  /** Of what drifted: what would tell when it was changed by hand. */
  readonly traces?: readonly Trace[];
}

export interface UnknownLive {
  readonly address: Address;
  readonly machine: string;
  readonly family?: string;
  readonly why: string;
}

/** The changes of one app on one machine, in order. */
export interface Turn {
  readonly machine: string;
  readonly changes: readonly Change[];
}

/** What becomes of the other machines when an app fails on one. */
export type OnFailure = "revert" | "halt" | "continue";

/** How one app file (with its services) rolls over its machines. */
export interface Rollout {
  readonly family: string;
  /** Families that must have converged before. */
  readonly after: readonly string[];
  readonly onFailure: OnFailure;
  /** Images, networks, volumes, files: on all machines at once. */
  readonly prepare: readonly Turn[];
  /** Once each, one after another, before any switch; mostly there is one or none. */
  readonly releases: readonly Turn[];
  /** Turns of one wave run side by side; the first wave is the canary. */
  readonly waves: readonly (readonly Turn[])[];
}

export interface Plan {
  readonly revision: string;
  /** What machines are by themselves, each for itself: what fails of it stands in no app's way. */
  readonly settings: readonly Turn[];
  /** Of what all else needs, what could cut us off: as `trials`, and before `machines`. */
  readonly groundTrials: readonly Turn[];
  /** Machine by machine, before any app. */
  readonly machines: readonly Turn[];
  /** What could cut us off, one machine after another: where one locks us out the others are not tried. */
  readonly trials: readonly Turn[];
  /** In order of `after`, then name. */
  readonly rollouts: readonly Rollout[];
  /** What needs all of that and holds nothing up; and what is no longer declared. */
  readonly cleanup: readonly Turn[];
  /** What could cut us off and had to stay until all that needs it has gone: as `trials`. */
  readonly lastTrials: readonly Turn[];
  /** What needs all else to be there, and holds nothing up: that it fails is told, and no failure. */
  readonly afterwards: readonly Turn[];
  /** At the very end, where nothing else is left to do: at most one machine in a round. */
  readonly reboots: readonly Turn[];
  readonly held: readonly Held[];
  readonly unknown: readonly UnknownLive[];
  /** Still to be planned in this pass, when what they wait for was applied. */
  readonly awaiting: readonly Address[];
  /** When what is held for its time may be done, milliseconds since 1970. */
  readonly untilMs?: number;
}

/** All changes in the order in which they are made. */
export function changesOf(plan: Plan): readonly Change[] {
  const rolling = plan.rollouts.flatMap((r) => [...r.prepare, ...r.releases, ...r.waves.flat()]);
  const before = [...plan.settings, ...plan.groundTrials, ...plan.machines, ...plan.trials];
  const after = [...plan.cleanup, ...plan.lastTrials, ...plan.afterwards, ...plan.reboots];
  return [...before, ...rolling, ...after].flatMap((turn) => turn.changes);
}
