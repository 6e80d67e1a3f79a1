import { digestOf } from "../lib/hash.ts";
import { isTimely } from "../model/change.ts";
import { changesOf, type Plan } from "../model/plan.ts";
import { askingOf } from "./late.ts";

/**
 * Those that it changes, and of those that can be reached the ones that have a part in it: who asks for a certificate talks
 * to all that answer for it.
 */
export const machinesOf = (
  plan: Plan,
  isReached: (machine: string) => boolean = () => true,
): readonly string[] => [
  ...new Set(
    changesOf(plan).flatMap((c) => [
      c.machine,
      ...(askingOf(c.steps)?.machines ?? []).filter(isReached),
    ]),
  ),
];

/** App files that a plan changes something of. */
export const familiesOf = (plan: Plan): readonly string[] => [
  ...new Set(changesOf(plan).flatMap((c) => c.family ?? [])),
];

export const keysOf = (
  plan: Plan,
  isMeant: (machine: string) => boolean = () => true,
): readonly string[] =>
  changesOf(plan)
    .filter((c) => isTimely(c) && isMeant(c.machine))
    .map((c) => digestOf({ address: c.address, steps: c.steps }));

/** A plan that only repeats what was tried is not tried again in the same pass. */
export const hasNews = (plan: Plan, tried: ReadonlySet<string>): boolean =>
  keysOf(plan).some((key) => !tried.has(key));
