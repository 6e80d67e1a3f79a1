import type { Facts } from "../../../model/resource.ts";
import type { WatchStep } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { isStale } from "./reload.ts";
import { isProven, situationOf } from "./situation.ts";
import type { ContainerState } from "./state.ts";
import { watching, watchOn } from "./traffic.ts";

/** A container that is started, or reads its files anew, is watched for a while: some are healthy at first and then end, again and again. */
export function watchOf(
  want: ContainerSpec,
  have: ContainerState | undefined,
  { root }: Facts,
): WatchStep | undefined {
  const situation = situationOf(want, have);
  const { right, revivable, names } = situation;
  const runsAlready =
    right?.running === true && isProven(situation, right) && !isStale(want, right);
  if (!want.running || want.watchMs === 0 || runsAlready) return undefined;
  if (want.proxied === undefined) return watching(want, names.current, want.watchMs);
  // What ran here before is known: it was watched enough while the one before was warm.
  const isNew = revivable === undefined && (right === undefined || right.role === "new");
  return isNew ? watchOn(want, root, names.current) : undefined;
}
