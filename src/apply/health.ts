import type { FinishStep, LeaveStep, WaitStep } from "../model/step.ts";
import { ofMachine, unhealthy } from "./evidence.ts";
import { StepFailure } from "./failure.ts";
import { probeOnce } from "./probe.ts";
import { look, type Seen } from "./seen.ts";
import type { StepContext } from "./steps.ts";

/** A container that ends this often while it is tried will not become healthy. */
const restartsAllowed = 3;
/** Between two looks whether one that was told to end has. */
const leavePauseMs = 100;
/** Pauses between probes grow from this to the declared interval: what is up at once is not made to wait for it. */
const firstPauseMs = 50;

/** Waits for `successes` healthy answers in a row; StepFailure `app` with evidence when the deadline passes or it keeps ending. */
export async function waitHealthy(
  context: StepContext,
  step: WaitStep,
  container: string,
): Promise<void> {
  const { clock } = context;
  const startedMs = clock.now();
  const deadlineMs = startedMs + step.deadlineMs;
  let streak = 0;
  let pauseMs = Math.min(firstPauseMs, step.intervalMs);
  let last = "not probed yet";
  let steady = { startedAt: "", sinceMs: startedMs };
  for (;;) {
    const seen = await lookUnlessPreempted(context, container);
    const ended = endedText(seen);
    if (ended !== undefined && (!seen.restarting || seen.restarts >= restartsAllowed)) {
      throw await unhealthy(context, seen, container, ended, last);
    }
    // By our own clock: the machine's may differ.
    if (seen.startedAt !== steady.startedAt)
      steady = { startedAt: seen.startedAt, sinceMs: clock.now() };
    const result =
      ended === undefined
        ? await probeOnce(context, step, seen, container, clock.now() - steady.sinceMs)
        : { healthy: false, text: ended };
    last = result.text;
    streak = result.healthy ? streak + 1 : 0;
    if (streak >= step.successes) return context.saw({ of: "probe", probe: result.text });
    context.progress(result.healthy ? `healthy: ${result.text}` : `waiting: ${result.text}`);
    if (clock.now() + pauseMs > deadlineMs) {
      throw await unhealthy(
        context,
        seen,
        container,
        `not healthy in ${step.deadlineMs / 1000} s`,
        last,
      );
    }
    await sleepOrPreempt(context, pauseMs);
    pauseMs = Math.min(pauseMs * 2, step.intervalMs);
  }
}

/** Waits until the container has ended with 0. */
export async function finishContainer(
  context: StepContext,
  step: FinishStep,
  container: string,
): Promise<void> {
  const deadlineMs = context.clock.now() + step.deadlineMs;
  let pauseMs = 50;
  for (;;) {
    const seen = await lookUnlessPreempted(context, container);
    if (!seen.running && !seen.restarting) {
      if (seen.exitCode === 0) return;
      const text = `ended with exit code ${seen.exitCode}`;
      const failure = await unhealthy(context, seen, container, text, undefined);
      throw step.blame === "machine" ? ofMachine(failure) : failure;
    }
    if (context.clock.now() > deadlineMs) {
      const text = `not done in ${step.deadlineMs / 1000} s`;
      const failure = await unhealthy(context, seen, container, text, undefined);
      throw step.blame === "machine" ? ofMachine(failure) : failure;
    }
    await sleepOrPreempt(context, pauseMs);
    pauseMs = Math.min(pauseMs * 2, 1_000);
  }
}

/** Waits a while until the container has ended, or is gone. */
export async function letLeave(
  context: StepContext,
  { patienceMs }: LeaveStep,
  container: string,
): Promise<void> {
  const { clock, session } = context;
  const deadlineMs = clock.now() + patienceMs;
  while (clock.now() < deadlineMs && !context.preempt.aborted) {
    const seen = await look(session, container);
    if (seen === undefined || (!seen.running && !seen.restarting)) return;
    await sleepOrPreempt(context, leavePauseMs);
  }
}

async function lookUnlessPreempted(context: StepContext, container: string): Promise<Seen> {
  const { session } = context;
  if (context.preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
  const seen = await look(session, container);
  if (seen !== undefined) return seen;
  throw new StepFailure("app", "the container is gone", {
    evidence: { machine: session.machine, container },
  });
}

async function sleepOrPreempt(context: StepContext, ms: number): Promise<void> {
  try {
    await context.clock.sleep(ms, context.preempt);
  } catch (error) {
    if (!context.preempt.aborted) throw error;
  }
}

function endedText(seen: Seen): string | undefined {
  if (seen.running && !seen.restarting && seen.restarts < restartsAllowed) return undefined;
  if (seen.outOfMemory) return "killed: out of memory";
  // Met between two ends: it has no exit code now.
  if (seen.running && !seen.restarting) return `ended ${seen.restarts} times`;
  return `ended with exit code ${seen.exitCode}`;
}
