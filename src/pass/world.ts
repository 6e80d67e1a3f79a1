import type { Clock } from "../lib/clock.ts";
import type { ParseCache } from "../load/load.ts";
import type { Listener } from "../model/events.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import type { Fleet } from "../remote/session.ts";
import type { Source } from "../source/source.ts";

/** Everything a pass needs from outside, made once by main. */
export interface World {
  readonly source: Source;
  readonly remote: Fleet;
  readonly clock: Clock;
  readonly listener: Listener;
  readonly parseCache: ParseCache;
  readonly environment?: string;
  /** Apply a revision that does not descend from the last one applied. */
  readonly allowRewind: boolean;
  /** The ledger and the forge; told once per outcome that is news. */
  readonly reporter: Reporter;
}

export interface Reporter {
  /** A revision is being tried. */
  started(fleet: string, revision: string): Promise<void>;
  ended(outcome: RevisionOutcome): Promise<void>;
}

/** What this pass is asked to do. */
export interface Request {
  /** Default: the branch's head. */
  readonly revision?: string;
  /** Families to be tried again although they failed. */
  readonly retry: readonly string[];
  readonly cause: RevisionOutcome["cause"];
  /** Aborted when a newer revision wants to take over. */
  readonly preempt: AbortSignal;
}
