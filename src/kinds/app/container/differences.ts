import type { Field } from "../../../model/change.ts";
import { limitDifferences } from "../../shared/container/limits.ts";
import type { ContainerSpec, Limits } from "../../shared/container/spec.ts";
import { wantedRestart } from "./situation.ts";

/** Limits, which the engine changes in place. */
export const limitFields = (want: Limits, live: Limits): readonly Field[] =>
  limitDifferences(want, live).map(({ name, ...values }) => ({
    path: `resources.${name}`,
    ...values,
  }));

export function restartField(want: ContainerSpec, live: string): readonly Field[] {
  const declared = wantedRestart(want);
  return declared === live ? [] : [{ path: "restart", declared, live }];
}
