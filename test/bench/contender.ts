import type { Fleet, FleetMachine } from "../fleet/fleet.ts";
import type { Target } from "../support/load/load.ts";

/** One who replaces a version that serves by another, while clients ask. */
export interface Contender {
  readonly what: string;
  /** What its clients must not see more of than this; undefined where nothing is promised. */
  readonly goal?: number;
  /** Has the first version serve; undefined where it cannot be tried here, which it says. */
  open(ground: Ground): Promise<Opened | undefined>;
}

/** Where all of them do it, one after another. */
export interface Ground {
  readonly fleet: Fleet;
  readonly machine: FleetMachine;
  /** The app's versions, by tag; on the machine already. */
  readonly images: Readonly<Record<string, string>>;
}

export interface Opened {
  readonly target: Target;
  /** Resolves when the old version has gone. */
  switchTo(tag: string): Promise<void>;
  close(): Promise<void>;
}
