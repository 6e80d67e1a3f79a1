import type { Clock } from "../lib/clock.ts";
import { engineMessage } from "../lib/engine-message.ts";
import { isObject, type Json } from "../lib/json.ts";
import type {
  Bound,
  CertifyStep,
  EngineStep,
  LoadStep,
  PullStep,
  PutStep,
  RemoveStep,
  DrainStep,
  RunStep,
  Step,
  SwitchStep,
  TalkStep,
} from "../model/step.ts";
import type { Sighting } from "../model/outcome.ts";
import type { SealedText } from "../model/sealed.ts";
import type { EngineReply, EngineRequest, Session } from "../remote/session.ts";
import { certify, type Certifying } from "./certify.ts";
import { engineRefusal, isBetweenEnds, isPortInUse } from "./engine-words.ts";
import { asFailure, isDiskFull, StepFailure } from "./failure.ts";
import { finishContainer, waitHealthy } from "./health.ts";
import { loadCertificate } from "./load.ts";
import { pull } from "./pull.ts";
import { put, run } from "./put.ts";
import { checkRoom } from "./room.ts";
import { drainTraffic } from "./traffic/drain.ts";
import { switchTraffic } from "./traffic/switch.ts";
import { countAll, sinceThen } from "./traffic/tally.ts";
import { talk } from "./traffic/talk.ts";
import { watchContainer } from "./watch.ts";
import { look } from "./seen.ts";

/** What running steps needs besides the plan. */
export interface StepContext {
  readonly session: Session;
  readonly clock: Clock;
  /** A shipped file's bytes. */
  content(blob: string): Promise<Uint8Array>;
  /** A text with its secrets opened; it goes to the machine and nowhere else. */
  reveal(text: SealedText): Uint8Array;
  /** Takes out of what an app said what nobody may read. */
  redact(text: string): string;
  /**
   * Throws StepFailure `fenced` unless this holder still has the machine; announces how long the step's effect may
   * outlive us. To be told when it has ended.
   */
  fence(outlivesMs: number): Promise<() => void>;
  /** Aborted when a newer revision wants to take over. */
  readonly preempt: AbortSignal;
  readonly certifying?: Certifying;
  progress(text: string): void;
  /** What is worth telling of a change that goes well; requests and connections of a switch as well. */
  saw(sighting: Sighting): void;
}

type Bindings = Map<string, string>;

type ChangingStep = EngineStep | PullStep | PutStep | RemoveStep | RunStep | CertifyStep | LoadStep;

/** What the engine gives a container to stop unless it is told, and how long it then takes to kill it. */
const engineStopSeconds = 10;
const stopMarginMs = 3_000;

/** Before a container that keeps ending is asked for again, met between its end and the engine's hearing of it. */
const betweenEndsMs = [50, 100, 200, 400, 800, 1_600];

/** Runs steps in order; throws StepFailure at the first that fails. */
export async function runSteps(
  context: StepContext,
  steps: readonly Step[],
  bindings: Bindings = new Map(),
): Promise<void> {
  for (const step of steps) await runStep(context, step, bindings);
}

async function runStep(context: StepContext, step: Step, bindings: Bindings): Promise<void> {
  try {
    await dispatch(context, step, bindings);
  } catch (error) {
    throw asFailure(error);
  }
}

async function dispatch(context: StepContext, step: Step, bindings: Bindings): Promise<void> {
  switch (step.do) {
    case "attempt":
      return await attempt(context, step.steps, step.otherwise, bindings);
    case "canary":
      return await runSteps(context, step.steps, bindings);
    case "mark":
      return preemptIfAsked(context);
    case "watch":
      return await watchContainer(context, step, resolveRef(step.container, bindings));
    case "switch":
    case "drain":
    case "talk":
      return await moveTraffic(context, step, bindings);
    case "room":
      return await checkRoom(context.session, step);
    case "wait":
      return await waitHealthy(context, step, resolveRef(step.container, bindings));
    case "finish":
      return await finishContainer(context, step, resolveRef(step.container, bindings));
    default:
      return await change(context, step, bindings);
  }
}

async function moveTraffic(
  context: StepContext,
  step: SwitchStep | DrainStep | TalkStep,
  bindings: Bindings,
): Promise<void> {
  await context.fence(0);
  switch (step.do) {
    case "talk":
      return await talk(context, step, step.container && resolveRef(step.container, bindings));
    case "drain":
      return await drainTraffic(context, step, step.since && bindings.get(step.since.bound));
    case "switch": {
      const { bind, traffic } = step;
      const container = resolveRef(step.container, bindings);
      const before = bind === undefined ? undefined : bindings.get(bind);
      const now = bind === undefined ? undefined : await countAll(context, traffic);
      await switchTraffic(context, step, container);
      // The way back tells what the way there has cost.
      if (before !== undefined)
        context.saw({ of: "switch", ...(await sinceThen(context, traffic, before)) });
      if (bind !== undefined && now !== undefined) bindings.set(bind, JSON.stringify(now));
    }
  }
}

async function change(context: StepContext, step: ChangingStep, bindings: Bindings): Promise<void> {
  const ended = await context.fence(outlivesUs(step));
  switch (step.do) {
    case "engine":
      await callEngine(context, step, bindings);
      // Where the engine did not answer it may be at it still: then the announcement stays.
      return ended();
    case "pull":
      return await pull(context, step);
    case "put":
      return await put(context, step);
    case "remove":
      return await run(context, {
        do: "run",
        argv: ["rm", "-rf", "--", step.path],
        timeoutMs: 60_000,
      });
    case "run":
      return await run(context, step);
    case "certify":
      return await certify(context, step);
    case "load":
      return await loadCertificate(context, step);
  }
}

/** Only a stop goes on in the engine after its client has gone; everything else ends with the connection. */
function outlivesUs(step: ChangingStep): number {
  if (step.do !== "engine" || step.path.at(-1) !== "stop") return 0;
  return Number(step.query?.["t"] ?? engineStopSeconds) * 1_000 + stopMarginMs;
}

async function attempt(
  context: StepContext,
  steps: readonly Step[],
  otherwise: readonly Step[],
  bindings: Bindings,
): Promise<void> {
  try {
    await runSteps(context, steps, bindings);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.blame === "fenced" || failure.isUnanswered) throw failure;
    try {
      await runSteps(context, otherwise, bindings);
    } catch (second) {
      const onTheWay = asFailure(second);
      // Who lost the machine meanwhile does not know what became of the app.
      if (onTheWay.blame === "fenced") throw onTheWay;
      // The first failure says why; that the way back failed too is said with it.
      throw new StepFailure(
        failure.blame,
        `${failure.message}; and the way back failed: ${onTheWay.message}`,
        {
          trouble: failure.trouble,
          ...(failure.evidence ? { evidence: failure.evidence } : {}),
          cause: second,
        },
      );
    }
    throw failure;
  }
}

function preemptIfAsked(context: StepContext): void {
  if (context.preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
}

async function callEngine(
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

function resolveRef(segment: string | Bound, bindings: Bindings): string {
  if (typeof segment === "string") return segment;
  const value = bindings.get(segment.bound);
  if (value === undefined)
    throw new Error(`plan refers to '${segment.bound}', which no step before it binds`);
  return value;
}
