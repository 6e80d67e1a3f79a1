import type { Bound } from "../model/step.ts";

/** Results of earlier steps of a change, by name. */
export type Bindings = Map<string, string>;

/** Throws for what no step before has bound: a bug of the plan. */
export function resolveRef(segment: string | Bound, bindings: Bindings): string {
  if (typeof segment === "string") return segment;
  const value = bindings.get(segment.bound);
  if (value === undefined)
    throw new Error(`plan refers to '${segment.bound}', which no step before it binds`);
  return value;
}
