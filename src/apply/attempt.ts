import type { Clock } from "../lib/clock.ts";
import type { Change } from "../model/change.ts";
import type { Listener } from "../model/events.ts";
import type { Issuer } from "../model/issuer.ts";
import type { Sighting } from "../model/outcome.ts";
import type { SealedText } from "../model/sealed.ts";
import type { Step } from "../model/step.ts";
import { asFailure, ofMachine, type StepFailure } from "./failure.ts";
import type { Hold } from "./lock.ts";
import { runSteps, type StepContext } from "./steps.ts";
import type { Lockout } from "./trials.ts";

export interface ApplyContext {
  /** Machines that are held under their lock; changes on others are left for the next pass. */
  readonly holds: ReadonlyMap<string, Hold>;
  readonly clock: Clock;
  readonly listener: Listener;
  readonly preempt: AbortSignal;
  content(blob: string): Promise<Uint8Array>;
  reveal(text: SealedText): Uint8Array;
  /** Absent: certificates are not issued from here. */
  readonly issuer?: Issuer;
  /** How long a machine waits to hear that a trial has gone well, if not as its step says. */
  readonly trialMs?: number;
  /** Takes out of what a machine said what nobody may read. */
  redact(text: string): string;
  /** Called once per family, before anything returns; of one whose other machines go on, once per machine: writes the failed mark. */
  onAppFailure(family: string, failure: StepFailure, alone?: string): Promise<void>;
  /** What was tried would have cut us off: neither that is tried as it is, nor what would have come after. */
  onLockout(lockout: Lockout): Promise<void>;
  /** It was told to reboot: no connection from before holds, and neither does its lock. */
  onReboot(machine: string): Promise<void>;
  /** A release ended well. */
  onRelease(change: Change): Promise<void>;
}

/** Runs steps of a change on its machine, which is held; gives why they were not done. */
export async function attempt(
  context: ApplyContext,
  change: Change,
  steps: readonly Step[],
  saw: (sighting: Sighting) => void,
  reboots: () => void,
): Promise<StepFailure | undefined> {
  const { address, machine } = change;
  const hold = context.holds.get(machine);
  if (hold === undefined) throw new Error(`${machine} is not held`);
  try {
    await runSteps(
      {
        session: hold.session,
        clock: context.clock,
        preempt: context.preempt,
        content: (blob) => context.content(blob),
        reveal: (text) => context.reveal(text),
        redact: (text) => context.redact(text),
        fence: (outlivesMs) => hold.fence(outlivesMs),
        ...certifying(context),
        ...(context.trialMs === undefined ? {} : { trialMs: context.trialMs }),
        progress: (text) =>
          context.listener({ type: "progress", address, text: context.redact(text) }),
        saw,
        reboots,
      },
      steps,
    );
    if (change.kind === "app/release") await context.onRelease(change);
  } catch (error) {
    const failure = asFailure(error);
    const blamed = change.family === undefined ? ofMachine(failure) : failure;
    return blamed.redacted((text) => context.redact(text));
  }
  return undefined;
}

function certifying({ issuer, holds }: ApplyContext): Pick<StepContext, "certifying"> {
  if (issuer === undefined) return {};
  return { certifying: { issuer, session: (machine) => holds.get(machine)?.session } };
}
