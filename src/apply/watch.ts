import type { WatchStep } from "../model/step.ts";
import { unhealthy } from "./evidence.ts";
import { probeOnce } from "./probe.ts";
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
  const { forMs, judged } = step;
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
    const how = endedText(step, seen, first);
    if (how !== undefined) throw await unhealthy(context, seen, container, how, undefined);
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

function endedText(step: WatchStep, seen: Seen, first: Seen): string | undefined {
  const what = seen.outOfMemory ? "killed: out of memory" : `ended with exit code ${seen.exitCode}`;
  const times = seen.restarts - first.restarts;
  if (seen.restarting || times > 0)
    return `healthy at first, then it ended${seen.running && !seen.restarting ? "" : `: ${what}`}`;
  const isLeftToEnd = step.restart === "no" || step.restart === "on-failure";
  return !seen.running && isLeftToEnd && seen.exitCode !== 0
    ? `healthy at first, then it ${what}`
    : undefined;
}
