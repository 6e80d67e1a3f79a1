import type { WatchStep } from "../model/step.ts";
import { unhealthy } from "./evidence.ts";
import { probeOnce } from "./probe.ts";
import { lastEndOf } from "./last-end.ts";
import { look, type Seen } from "./seen.ts";
import { startJudging } from "./traffic/judge.ts";
import type { StepContext } from "./steps.ts";

const longestPauseMs = 500;
const longEnoughMs = 60_000;
/** A probe may be lost; so many in a row are not. */
const missesAllowed = 2;

/**
 * Looks at a proven container until its time is over, or a newer revision wants to take over; StepFailure `app` with
 * evidence when it ends by itself or is unhealthy. What a person stops, restarts or removes meanwhile is drift.
 */
export async function watchContainer(
  context: StepContext,
  step: WatchStep,
  container: string,
): Promise<void> {
  const { clock, session, preempt } = context;
  const { forMs, judged, isNew } = step;
  const untilMs = clock.now() + forMs;
  const first = await look(session, container);
  if (first === undefined) return;
  const judge = judged === undefined ? undefined : await startJudging(context, judged, first);
  let misses = 0;
  for (;;) {
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0 || preempt.aborted) return;
    await clock
      .sleep(Math.min(step.intervalMs, longestPauseMs, leftMs), preempt)
      .catch(() => undefined);
    if (preempt.aborted) return;
    const seen = await look(session, container);
    if (seen === undefined) return;
    const restartsBefore = isNew === true ? 0 : first.restarts;
    if (hasEnded(step, seen, restartsBefore)) {
      const isKnown = seen.restarting || !seen.running;
      const end = isKnown ? seen : await lastEndOf(session, container, seen);
      const ended = { ...seen, ...end, running: end === undefined };
      throw await unhealthy(context, ended, container, endedText(ended), undefined);
    }
    const verdict = await judge?.();
    if (verdict !== undefined) throw await unhealthy(context, seen, container, verdict, undefined);
    if (!seen.running || step.probe === "off") continue;
    const { probe } = step;
    // It was steady before; that it still runs is seen above.
    const result = await probeOnce(context, { ...step, probe }, seen, container, longEnoughMs);
    misses = result.healthy ? 0 : misses + 1;
    if (misses > missesAllowed)
      throw await unhealthy(context, seen, container, "healthy at first, then not", result.text);
  }
}

function hasEnded(step: WatchStep, seen: Seen, restartsBefore: number): boolean {
  if (seen.restarting || seen.restarts > restartsBefore) return true;
  const isLeftToEnd = step.restart === "no" || step.restart === "on-failure";
  return !seen.running && isLeftToEnd && seen.exitCode !== 0;
}

function endedText({ running, outOfMemory, exitCode }: Seen): string {
  const what = outOfMemory ? "was killed: out of memory" : `ended with exit code ${exitCode}`;
  return `healthy at first, then it ${running ? "ended" : what}`;
}
