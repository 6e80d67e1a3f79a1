import { engineMessage } from "../lib/engine-message.ts";
import { isObject, type Json } from "../lib/json.ts";
import type { EngineStep } from "../model/step.ts";
import type { EngineReply, EngineRequest } from "../remote/session.ts";
import { resolveRef, type Bindings } from "./bindings.ts";
import { engineRefusal, isBetweenEnds, isPortInUse } from "./engine-words.ts";
import { isDiskFull, StepFailure } from "./failure.ts";
import { look } from "./seen.ts";
import type { StepContext } from "./steps.ts";

/** Before a container that keeps ending is asked for again, met between its end and the engine's hearing of it. */
const betweenEndsMs = [50, 100, 200, 400, 800, 1_600];

/** Calls the engine, and binds what it answers. Throws StepFailure with whose fault a refusal is. */
export async function callEngine(
  context: StepContext,
  step: EngineStep,
  bindings: Bindings,
): Promise<void> {
  const segments = step.path.map((segment) => encodeURIComponent(resolveRef(segment, bindings)));
  const query = step.query ? `?${new URLSearchParams(step.query).toString()}` : "";
  const reply = await answerTo(context, {
    method: step.method,
    path: `/${segments.join("/")}${query}`,
    ...bodyOf(context, step),
    timeoutMs: step.timeoutMs,
  });
  const done =
    (reply.status >= 200 && reply.status < 300) || (step.accept ?? []).includes(reply.status);
  if (!done) {
    const message = engineMessage(reply.body, (text) => context.redact(text)) ?? "no message";
    const { status } = reply;
    const [, container] = step.path;
    const isEngines = await isEnginesFault(
      context,
      step,
      { status, message },
      container === undefined ? "" : resolveRef(container, bindings),
    );
    const { machine } = context.session;
    throw refused(isEngines ? { ...step, blame: "machine" } : step, machine, status, message);
  }
  if (step.bind === undefined) return;
  const id = isObject(reply.body) ? reply.body["Id"] : undefined;
  if (typeof id !== "string")
    throw new StepFailure("machine", `the engine's answer to ${describe(step)} has no Id`);
  bindings.set(step.bind, id);
}

async function answerTo(context: StepContext, request: EngineRequest): Promise<EngineReply> {
  for (const pauseMs of betweenEndsMs) {
    const reply = await context.session.engine(request);
    if (reply.status < 300 || !isBetweenEnds(engineMessage(reply.body) ?? "")) return reply;
    await context.clock.sleep(pauseMs);
    await context.fence(0);
  }
  return await context.session.engine(request);
}

function bodyOf(context: StepContext, { body, secretEnv }: EngineStep): { readonly body?: Json } {
  if (secretEnv === undefined || !isObject(body)) return body === undefined ? {} : { body };
  const { Env: env } = body;
  const secret = Object.entries(secretEnv).map(
    ([name, text]) => `${name}=${Buffer.from(context.reveal(text)).toString("utf8")}`,
  );
  return {
    body: { ...body, Env: [...(Array.isArray(env) ? (env as readonly Json[]) : []), ...secret] },
  };
}

/**
 * Docker keeps with a container why it could not be started, others name the runtime. An engine that is ill itself does
 * neither, or cannot even be asked.
 */
async function isEnginesFault(
  { session }: StepContext,
  step: EngineStep,
  reply: { readonly status: number; readonly message: string },
  container: string,
): Promise<boolean> {
  if (step.path.at(-1) !== "start" || reply.status < 500) return false;
  if (/\b(?:OCI|runc|crun|runtime)\b/i.test(reply.message)) return false;
  const seen = await look(session, container);
  return seen !== undefined && seen.error === "" && seen.exitCode === 0;
}

function refused(step: EngineStep, machine: string, status: number, message: string): StepFailure {
  if (isDiskFull(message))
    return new StepFailure("machine", `disk full: ${message}`, { trouble: "disk" });
  if (isPortInUse(message))
    return new StepFailure("machine", engineRefusal(step, machine, message, status), {
      trouble: "network",
    });
  const isApps = step.blame === "app" && (step.blameOn?.includes(status) ?? status !== 503);
  const blame = isApps ? "app" : "machine";
  return new StepFailure(blame, engineRefusal(step, machine, message, status));
}

const describe = (step: EngineStep): string =>
  `${step.method} /${step.path.map((s) => (typeof s === "string" ? s : `<${s.bound}>`)).join("/")}`;
