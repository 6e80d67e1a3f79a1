import type { Evidence, Trouble } from "../model/outcome.ts";
import { RemoteError, type TroubleClass } from "../remote/session.ts";

/**
 * Why a step did not succeed, by what happens next: `app` gets a failed mark and the return; `machine` is
 * operational trouble, retried; `preempted` makes room for a newer revision; `fenced` means another holder has the machine.
 */
export type Blame = "app" | "machine" | "preempted" | "fenced";

export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly blame: Blame;
  readonly trouble: Trouble["class"];
  readonly evidence: Evidence | undefined;
  /** Nobody knows what became of the step: what comes after it, the way back too, is left for the next look. */
  readonly isUnanswered: boolean;
  /** It would have cut us off, and was put back: it is not tried again as it is. */
  readonly isLockout: boolean;
  constructor(
    blame: Blame,
    message: string,
    details: {
      trouble?: Trouble["class"];
      evidence?: Evidence;
      isUnanswered?: boolean;
      isLockout?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.blame = blame;
    this.trouble = details.trouble ?? "engine";
    this.evidence = details.evidence;
    this.isUnanswered = details.isUnanswered ?? false;
    this.isLockout = details.isLockout ?? false;
  }

  /** The same with what machines and apps said put through `redact`; what caused it stays behind. */
  redacted(redact: (text: string) => string): StepFailure {
    const { blame, trouble, evidence, isUnanswered, isLockout } = this;
    return new StepFailure(blame, redact(this.message), {
      trouble,
      isUnanswered,
      isLockout,
      ...(evidence === undefined ? {} : { evidence: redactEvidence(evidence, redact) }),
    });
  }
}

const redactEvidence = (evidence: Evidence, redact: (text: string) => string): Evidence => ({
  ...evidence,
  ...(evidence.probe === undefined ? {} : { probe: redact(evidence.probe) }),
});

/** Words of the engine and of tools that mean a full disk: never an app's fault. */
const diskFull = /no space left on device|disk quota exceeded/i;

export const isDiskFull = (text: string): boolean => diskFull.test(text);

/** Trouble of the connection becomes the machine's; anything else that is not a StepFailure is a bug and passes. */
export function asFailure(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  if (!(error instanceof RemoteError)) throw error;
  if (isDiskFull(error.message))
    return new StepFailure("machine", error.message, { trouble: "disk", cause: error });
  const trouble = error.class === "timeout" || error.class === "limit" ? "engine" : error.class;
  return new StepFailure("machine", error.message, {
    trouble,
    isUnanswered: unanswered.has(error.class),
    cause: error,
  });
}

/** An app that is not well where nothing was done to it is its machine's trouble. */
export function ofMachine(failure: StepFailure): StepFailure {
  if (failure.blame !== "app") return failure;
  const { message, evidence, trouble } = failure;
  const container = evidence === undefined ? "" : `${evidence.container}: `;
  return new StepFailure("machine", `${container}${message}`, { trouble, cause: failure });
}

const unanswered: ReadonlySet<TroubleClass> = new Set(["unreachable", "timeout", "engine"]);
