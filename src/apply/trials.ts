import type { Change } from "../model/change.ts";
import type { Turn } from "../model/plan.ts";
import type { Step } from "../model/step.ts";
import type { StepFailure } from "./failure.ts";
import { asOne, togetherOf, trialIn, type Trial } from "./together.ts";

/** What is tried under a dead man's switch, by whoever applies a plan. */
export interface Trying {
  isHeld(machine: string): boolean;
  /** Whether it was done. */
  change(change: Change): Promise<boolean>;
  started(change: Change): () => void;
  steps(change: Change, steps: readonly Step[]): Promise<boolean>;
  /** As `steps`; but what fails is not told yet. */
  attempt(change: Change, steps: readonly Step[]): Promise<StepFailure | undefined>;
  failed(change: Change, failure: StepFailure): void;
  /** Why it was not done. */
  failure(change: Change): StepFailure | undefined;
}

export interface Lockout {
  /** What was tried, of several nobody knows which it was. */
  readonly tried: readonly Change[];
  /** What would have come after. */
  readonly untried: readonly Change[];
  readonly failure: StepFailure;
}

/** One machine after another: where one would be locked, the others are not tried. */
export async function tryInTurn(
  turns: readonly Turn[],
  trying: Trying,
): Promise<Lockout | undefined> {
  const groups = turns.flatMap(({ changes }) => togetherOf(changes));
  for (const [index, group] of groups.entries()) {
    const lockout = await tryTogether(group, trying);
    if (lockout === undefined) continue;
    const { untried, ...rest } = lockout;
    return {
      ...rest,
      untried: [...untried, ...groups.slice(index + 1).flat()],
    };
  }
  return undefined;
}

async function tryTogether(group: readonly Change[], trying: Trying): Promise<Lockout | undefined> {
  const trials = group.flatMap((change) => trialIn(change) ?? []);
  if (trials.length < 2) return await tryEach(group, trying, (change) => trying.change(change));
  const ends = new Map(group.map((change) => [change, trying.started(change)]));
  const ready: Trial[] = [];
  for (const trial of trials) if (await trying.steps(trial.change, trial.before)) ready.push(trial);
  const [first, ...others] = ready;
  if (first === undefined || !trying.isHeld(first.change.machine)) return undefined;
  const changes = ready.map(({ change }) => change);
  const failure =
    others.length === 0
      ? undefined
      : await trying.attempt(first.change, [asOne([first, ...others])]);
  const isAlone = others.length === 0 || (failure !== undefined && saysNothing(failure));
  if (failure !== undefined && !isAlone) {
    for (const change of changes) trying.failed(change, failure);
    return failure.isLockout ? { tried: changes, untried: [], failure } : undefined;
  }
  const byChange = new Map(ready.map((trial) => [trial.change, trial]));
  return await tryEach(changes, trying, async (change) => {
    const { step, after } = byChange.get(change) ?? {
      step: undefined,
      after: [],
    };
    const left = isAlone && step !== undefined ? [step, ...after] : after;
    const isDone = await trying.steps(change, left);
    if (isDone) ends.get(change)?.();
    return isDone;
  });
}

/** One of them fails by itself, and all was put back: each by itself shows which. */
const saysNothing = ({ blame, isLockout, isUnanswered }: StepFailure): boolean =>
  blame === "machine" && !isLockout && !isUnanswered;

async function tryEach(
  changes: readonly Change[],
  trying: Trying,
  attempt: (change: Change) => Promise<boolean>,
): Promise<Lockout | undefined> {
  for (const [index, change] of changes.entries()) {
    if (await attempt(change)) continue;
    const failure = trying.failure(change);
    if (failure?.isLockout === true)
      return { tried: [change], untried: changes.slice(index + 1), failure };
  }
  return undefined;
}
