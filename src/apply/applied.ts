import type { Change } from "../model/change.ts";
import type { Sighting } from "../model/outcome.ts";
import type { StepFailure } from "./failure.ts";

export interface ChangeFailure {
  readonly change: Change;
  readonly failure: StepFailure;
}

/** What a change's steps saw. */
export interface ChangeSighting {
  readonly change: Change;
  readonly sighting: Sighting;
}

export interface Applied {
  readonly done: readonly Change[];
  readonly failures: readonly ChangeFailure[];
  /** Of what holds nothing up. */
  readonly late: readonly ChangeFailure[];
  readonly sightings: readonly ChangeSighting[];
  /** Families not tried since one that they are `after` did not converge. */
  readonly waiting: ReadonlyMap<string, string>;
}
