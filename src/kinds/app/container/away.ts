import type { Bound, DrainStep, Step } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import {
  removeContainer,
  renameContainer,
  stopContainer,
  updateContainer,
} from "../../shared/engine.ts";
import type { Situation } from "./situation.ts";
import type { InstanceContainer } from "./state.ts";
import { drainOf } from "./traffic.ts";

type Ref = string | Bound;

/** Stops it for good: an engine that restarts must not bring it back. One that is just ending cannot be updated before it is stopped. */
export const park = (container: InstanceContainer): readonly Step[] => [
  ...(container.running ? [stopContainer(container.id, stopSeconds(container))] : []),
  ...(container.restart === "no" ? [] : [forbidRestart(container.id)]),
];

export const forbidRestart = (container: Ref): Step => ({
  ...updateContainer(container, { RestartPolicy: { Name: "no" } }),
  accept: [404],
});

/** Keeps a stopped one as evidence; the one before goes. */
export function bury({ names, failed, abandoned }: Situation, ref: Ref): readonly Step[] {
  const holders = [failed, abandoned].filter((c) => c !== undefined && c.id !== ref);
  return [
    ...holders.flatMap((c) => (c === undefined ? [] : [removeContainer(c.id)])),
    { ...renameContainer(ref, names.failed), accept: [404] },
  ];
}

export const discard = (container: InstanceContainer): readonly Step[] => [
  ...(container.running ? [stopContainer(container.id, stopSeconds(container))] : []),
  removeContainer(container.id),
];

/** On the bridge of the fleet, which comes first. */
export function drained(
  want: ContainerSpec,
  old: InstanceContainer,
  root: string,
): readonly DrainStep[] {
  const network = want.networks === "host" ? undefined : want.networks[0]?.name;
  return drainOf(want, root, old, network);
}

export const stopSeconds = (container: InstanceContainer): number =>
  container.stopTimeoutSeconds ?? 10;
