import { isObject } from "../lib/json.ts";
import { linesOf, parsedJson } from "../lib/lines.ts";
import type { PullStep } from "../model/step.ts";
import { isDiskFull, StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

/** A pull answers 200 at once and tells of trouble in its stream. */
export async function pull(context: StepContext, step: PullStep): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(step.timeoutMs), context.preempt]);
  try {
    await pullUntil(context, step, signal);
  } catch (error) {
    if (context.preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
    if (signal.aborted)
      throw pullFailure(step, `not done in ${Math.round(step.timeoutMs / 1000)} s`);
    throw error;
  }
}

async function pullUntil(context: StepContext, step: PullStep, signal: AbortSignal): Promise<void> {
  const stream = await context.session.engineStream({
    method: "POST",
    path: `/images/create?fromImage=${encodeURIComponent(step.image)}`,
    timeoutMs: step.timeoutMs,
    signal,
  });
  try {
    let last = "";
    for await (const line of linesOf(stream.chunks)) {
      pullProgress(context, step, line);
      last = line;
    }
    if (stream.status !== 200) throw pullFailure(step, last || `status ${stream.status}`);
  } finally {
    stream.close();
  }
}

function pullProgress(context: StepContext, step: PullStep, line: string): void {
  const message = parsedJson(line);
  if (!isObject(message)) return;
  if (typeof message["message"] === "string") throw pullFailure(step, message["message"]);
  if (typeof message["error"] === "string") throw pullFailure(step, message["error"]);
  if (typeof message["status"] === "string" && message["id"] === undefined)
    context.progress(message["status"]);
}

function pullFailure(step: PullStep, text: string): StepFailure {
  return new StepFailure("machine", `pull of ${step.image}: ${text}`, {
    trouble: isDiskFull(text) ? "disk" : "pull",
  });
}
