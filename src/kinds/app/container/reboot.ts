import type { Facts } from "../../../model/resource.ts";
import type { DrainStep, Step } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { drained } from "./away.ts";
import { situationOf } from "./situation.ts";
import type { ContainerState } from "./state.ts";
import { prove } from "./steps.ts";
import { switchTo } from "./traffic.ts";

/** That what runs is well, and gets what it did before its machine went away. */
export function provingSteps(
  want: ContainerSpec,
  have: ContainerState,
  { root }: Facts,
): readonly Step[] {
  const { right } = situationOf(want, have);
  return right?.running === true
    ? [...prove(want, right.id), ...switchTo(want, root, right.id)]
    : [];
}

/** Before its machine goes away. */
export function drainingSteps(
  want: ContainerSpec,
  have: ContainerState,
  { root }: Facts,
): readonly DrainStep[] {
  const { right } = situationOf(want, have);
  return right === undefined ? [] : drained(want, right, root);
}
