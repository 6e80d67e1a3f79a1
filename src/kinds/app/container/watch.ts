import type { WatchStep } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { isProven, situationOf } from "./situation.ts";
import type { ContainerState } from "./state.ts";

/** A container that is started is watched for a while: some are healthy at first and then end, again and again. */
export function watchOf(
  want: ContainerSpec,
  have: ContainerState | undefined,
): WatchStep | undefined {
  const situation = situationOf(want, have);
  const { right, names } = situation;
  const runsAlready = right?.running === true && isProven(situation, right);
  if (!want.running || want.watchMs === 0 || runsAlready) return undefined;
  return {
    do: "watch",
    container: names.current,
    probe: want.probe,
    restart: want.restart,
    intervalMs: want.probeIntervalMs,
    timeoutMs: want.probeTimeoutMs,
    forMs: want.watchMs,
  };
}
