import type { Clock } from "../lib/clock.ts";
import type { CertifyStep, LoadStep } from "../model/certificate-step.ts";
import type {
  EngineStep,
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
import type { Session } from "../remote/session.ts";
import { certify, type Certifying } from "./certify.ts";
import { resolveRef, type Bindings } from "./bindings.ts";
import { runUnderDeadMan } from "./dead-man.ts";
import { callEngine } from "./engine-step.ts";
import { asFailure, StepFailure } from "./failure.ts";
import { finishContainer, letLeave, waitHealthy } from "./health.ts";
import { loadCertificate } from "./load.ts";
import { pull } from "./pull.ts";
import { put, run } from "./put.ts";
import { rebootMachine } from "./reboot.ts";
import { checkRoom } from "./room.ts";
import { drainTraffic } from "./traffic/drain.ts";
import { switchTraffic } from "./traffic/switch.ts";
import { countAll, sinceThen } from "./traffic/tally.ts";
import { talk } from "./traffic/talk.ts";
import { watchContainer } from "./watch.ts";

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
  readonly trialMs?: number;
  /** It may have been told to reboot: what becomes of that is seen only later. */
  reboots?(): void;
  progress(text: string): void;
  /** What is worth telling of a change that goes well; requests and connections of a switch as well. */
  saw(sighting: Sighting): void;
}

type ChangingStep = EngineStep | PullStep | PutStep | RemoveStep | RunStep | CertifyStep | LoadStep;

/** What the engine gives a container to stop unless it is told, and how long it then takes to kill it. */
const engineStopSeconds = 10;
const stopMarginMs = 3_000;

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
    case "dead-man":
      return await runUnderDeadMan(context, step, () => runSteps(context, step.steps, bindings));
    case "reboot":
      return await rebootMachine(context, step);
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
    case "leave":
      return await letLeave(context, step, resolveRef(step.container, bindings));
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
