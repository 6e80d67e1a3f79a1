import { isObject } from "../lib/json.ts";
import { linesOf, parsedJson } from "../lib/lines.ts";
import { registryAuth, registryAuthHeader } from "../lib/registry-auth.ts";
import { registrySaid } from "../model/registry.ts";
import type { PullStep } from "../model/step.ts";
import type { EngineRequest } from "../remote/session.ts";
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
    ...loginHeaders(context, step),
    timeoutMs: step.timeoutMs,
    signal,
  });
  try {
    let last = "";
    for await (const line of linesOf(stream.chunks)) {
      const trouble = pullProgress(context, line);
      if (trouble !== undefined) throw pullFailure(step, said(step, stream.status, trouble));
      last = line;
    }
    if (stream.status !== 200)
      throw pullFailure(step, said(step, stream.status, last || `status ${stream.status}`));
  } finally {
    stream.close();
  }
}

/** The only place where the password is in the open. */
function loginHeaders(context: StepContext, step: PullStep): Pick<EngineRequest, "headers"> {
  if (step.login === undefined) return {};
  const { registry, user, password } = step.login;
  const auth = registryAuth({ registry, user, password: context.reveal([password]) });
  return { headers: { [registryAuthHeader]: auth } };
}

/** Tells how far it is; gives what went wrong. */
function pullProgress(context: StepContext, line: string): string | undefined {
  const message = parsedJson(line);
  if (!isObject(message)) return undefined;
  if (typeof message["message"] === "string") return message["message"];
  if (typeof message["error"] === "string") return message["error"];
  if (typeof message["status"] === "string" && message["id"] === undefined)
    context.progress(message["status"]);
  return undefined;
}

const said = ({ image, login }: PullStep, status: number, text: string): string =>
  registrySaid(image, { status, said: text, hasLogin: login !== undefined });

function pullFailure(step: PullStep, text: string): StepFailure {
  return new StepFailure("machine", `pull of ${step.image}: ${text}`, {
    trouble: isDiskFull(text) ? "disk" : "pull",
  });
}
