import type { WatchStep } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { isStale } from "./reload.ts";
import { isProven, situationOf } from "./situation.ts";
import type { ContainerState } from "./state.ts";
import { watching } from "./traffic.ts";

/** A container that is started, or reads its files anew, is watched for a while: some are healthy at first and then end, again and again. */
export function watchOf(
  want: ContainerSpec,
  have: ContainerState | undefined,
): WatchStep | undefined {
  const situation = situationOf(want, have);
  const { right, names } = situation;
  const runsAlready =
    right?.running === true && isProven(situation, right) && !isStale(want, right);
  if (!want.running || want.watchMs === 0 || runsAlready) return undefined;
  // Behind the proxy it is watched before the one before is put away.
  if (want.proxied !== undefined) return undefined;
  return watching(want, names.current, want.watchMs);
}
