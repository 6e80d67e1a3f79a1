import { listed } from "../lib/text.ts";
import type { Change } from "../model/change.ts";
import type { DeadManStep, Step } from "../model/step.ts";

/** A change that could cut us off, taken apart. */
export interface Trial {
  readonly change: Change;
  readonly before: readonly Step[];
  readonly step: DeadManStep;
  readonly after: readonly Step[];
}

/** What is made as one is told as one, and goes to the machine in one command. */
const mostTogether = 20;

/** Changes of one machine in their order, those side by side that may be made as one; each costs a login. */
export function togetherOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups: Change[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    const word = wordOf(change);
    const isSame = last?.[0] !== undefined && word !== undefined && wordOf(last[0]) === word;
    if (isSame && last.length < mostTogether) last.push(change);
    else groups.push([change]);
  }
  return groups;
}

const wordOf = (change: Change): string | undefined => trialIn(change)?.step.together;

/** Undefined where there is none. */
export function trialIn(change: Change): Trial | undefined {
  const { steps } = change;
  const at = steps.findIndex((one) => one.do === "dead-man");
  const step = steps[at];
  if (step?.do !== "dead-man") return undefined;
  return {
    change,
    before: steps.slice(0, at),
    step,
    after: steps.slice(at + 1),
  };
}

/** Runs commands, each after the number of its words; ends with 1 where one of them fails. */
const allScript = `
failed=0
while [ "$#" -gt 0 ]; do
  count=$1 words= at=1
  shift
  while [ "$at" -le "$count" ]; do words="$words \\"\\\${$at}\\"" at=$((at + 1)); done
  (eval "$words") || failed=1
  shift "$count"
done
exit "$failed"
`;

/** One trial of several, put back in the opposite order. */
export function asOne([first, ...others]: readonly [Trial, ...Trial[]]): DeadManStep {
  const all = [first, ...others].map(({ step }) => step);
  const restores = all.toReversed().map(({ restore }) => restore);
  return {
    ...first.step,
    of: listed(all.map(({ of }) => of)),
    steps: all.flatMap(({ steps }) => steps),
    restore: [
      "sh",
      "-c",
      allScript,
      "sh",
      ...restores.flatMap((argv) => [String(argv.length), ...argv]),
    ],
  };
}
