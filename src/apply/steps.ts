import type { Clock } from "../lib/clock.ts";
import { isObject, type Json } from "../lib/json.ts";
import type {
  Bound,
  EngineStep,
  PullStep,
  PutStep,
  RemoveStep,
  RunStep,
  Step,
} from "../model/step.ts";
import { RemoteError, type Session, type TroubleClass } from "../remote/session.ts";
import { isDiskFull, StepFailure } from "./failure.ts";
import { finishContainer, waitHealthy } from "./health.ts";

/** What running steps needs besides the plan. */
export interface StepContext {
  readonly session: Session;
  readonly clock: Clock;
  /** A shipped file's bytes. */
  content(blob: string): Promise<Uint8Array>;
  /**
   * Throws StepFailure `fenced` unless this holder still has the machine; announces how long the step's effect may
   * outlive us. To be told when it has ended.
   */
  fence(outlivesMs: number): Promise<() => void>;
  /** Aborted when a newer revision wants to take over. */
  readonly preempt: AbortSignal;
  progress(text: string): void;
}

type Bindings = Map<string, string>;

type ChangingStep = EngineStep | PullStep | PutStep | RemoveStep | RunStep;

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
    case "mark":
      return preemptIfAsked(context);
    case "wait":
      return await waitHealthy(context, step, resolveRef(step.container, bindings));
    case "finish":
      return await finishContainer(context, step, resolveRef(step.container, bindings));
    default:
      return await change(context, step, bindings);
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
      // The first failure says why; that the way back failed too is said with it.
      throw new StepFailure(
        failure.blame,
        `${failure.message}; and the way back failed: ${asFailure(second).message}`,
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
  const reply = await context.session.engine({
    method: step.method,
    path: `/${segments.join("/")}${query}`,
    ...(step.body === undefined ? {} : { body: step.body }),
    timeoutMs: step.timeoutMs,
  });
  const done =
    (reply.status >= 200 && reply.status < 300) || (step.accept ?? []).includes(reply.status);
  if (!done) throw refused(step, reply.status, engineMessage(reply.body));
  if (step.bind === undefined) return;
  const id = isObject(reply.body) ? reply.body["Id"] : undefined;
  if (typeof id !== "string")
    throw new StepFailure("machine", `the engine's answer to ${describe(step)} has no Id`);
  bindings.set(step.bind, id);
}

function refused(step: EngineStep, status: number, message: string): StepFailure {
  if (isDiskFull(message))
    return new StepFailure("machine", `disk full: ${message}`, { trouble: "disk" });
  const isApps = step.blame === "app" && (step.blameOn?.includes(status) ?? status !== 503);
  const blame = isApps ? "app" : "machine";
  return new StepFailure(blame, `${describe(step)}: ${message} (${status})`);
}

const describe = (step: EngineStep): string =>
  `${step.method} /${step.path.map((s) => (typeof s === "string" ? s : `<${s.bound}>`)).join("/")}`;

export function engineMessage(body: unknown): string {
  if (isObject(body) && typeof body["message"] === "string") return body["message"];
  return typeof body === "string" && body !== "" ? body.slice(0, 500) : "no message";
}

/** A pull answers 200 at once and tells of trouble in its stream. */
async function pull(context: StepContext, step: PullStep): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(step.timeoutMs), context.preempt]);
  const stream = await context.session.engineStream({
    method: "POST",
    path: `/images/create?fromImage=${encodeURIComponent(step.image)}`,
    timeoutMs: step.timeoutMs,
    signal,
  });
  try {
    let rest = "";
    for await (const chunk of stream.chunks) {
      const lines = (rest + Buffer.from(chunk).toString("utf8")).split("\n");
      rest = lines.pop()?.slice(-100_000) ?? "";
      for (const line of lines) pullProgress(context, step, line);
    }
    pullProgress(context, step, rest);
    if (stream.status !== 200) throw pullFailure(step, rest || `status ${stream.status}`);
  } catch (error) {
    if (context.preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
    if (signal.aborted)
      throw pullFailure(step, `not done in ${Math.round(step.timeoutMs / 1000)} s`);
    throw error;
  } finally {
    stream.close();
  }
}

function pullProgress(context: StepContext, step: PullStep, line: string): void {
  if (line.trim() === "") return;
  const message: Json | undefined = parseJson(line);
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

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

async function put(context: StepContext, step: PutStep): Promise<void> {
  const owner = step.owner === undefined ? {} : { owner: step.owner };
  if (step.content !== undefined) {
    const content = await bytesOf(context, step.content);
    const inPlace = step.inPlace === undefined ? {} : { inPlace: step.inPlace };
    await context.session.put({ path: step.path, content, mode: step.mode, ...owner, ...inPlace });
    return;
  }
  await putFolder(context, step, owner);
}

/** Complete or not at all: written beside its place, then renamed. */
async function putFolder(
  context: StepContext,
  step: PutStep,
  owner: { owner?: string },
): Promise<void> {
  const partial = `${step.path}.partial`;
  await run(context, { do: "run", argv: ["rm", "-rf", "--", partial], timeoutMs: 60_000 });
  await run(context, { do: "run", argv: ["mkdir", "-p", "--", partial], timeoutMs: 10_000 });
  const folders = new Set<string>();
  for (const entry of step.entries ?? []) {
    const parts = entry.path.split("/").slice(0, -1);
    parts.forEach((_, i) => folders.add(`${partial}/${parts.slice(0, i + 1).join("/")}`));
    const content = await bytesOf(context, entry.content);
    await context.session.put({
      path: `${partial}/${entry.path}`,
      content,
      mode: entry.mode,
      ...owner,
    });
  }
  const all = [partial, ...folders];
  await run(context, { do: "run", argv: ["chmod", step.mode, "--", ...all], timeoutMs: 10_000 });
  if (step.owner !== undefined) {
    await run(context, { do: "run", argv: ["chown", step.owner, "--", ...all], timeoutMs: 10_000 });
  }
  await run(context, { do: "run", argv: ["rm", "-rf", "--", step.path], timeoutMs: 60_000 });
  await run(context, {
    do: "run",
    argv: ["mv", "-T", "--", partial, step.path],
    timeoutMs: 10_000,
  });
}

const bytesOf = async (
  context: StepContext,
  content: { text: string } | { blob: string },
): Promise<Uint8Array> =>
  "text" in content ? Buffer.from(content.text, "utf8") : await context.content(content.blob);

async function run(context: StepContext, step: RunStep): Promise<void> {
  const { argv, timeoutMs } = step;
  const stdin = step.stdin === undefined ? {} : { stdin: step.stdin };
  const result = await context.session.exec({ argv, timeoutMs, maxBytes: 1_000_000, ...stdin });
  if (result.code === 0 || (step.accept ?? []).includes(result.code)) return;
  const said = result.stderr.toString("utf8").trim().slice(0, 500);
  throw new StepFailure(
    "machine",
    `${argv[0]} ended with ${result.code}${said === "" ? "" : `: ${said}`}`,
    {
      trouble: isDiskFull(said) ? "disk" : "engine",
    },
  );
}

function resolveRef(segment: string | Bound, bindings: Bindings): string {
  if (typeof segment === "string") return segment;
  const value = bindings.get(segment.bound);
  if (value === undefined)
    throw new Error(`plan refers to '${segment.bound}', which no step before it binds`);
  return value;
}

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

const unanswered: ReadonlySet<TroubleClass> = new Set(["unreachable", "timeout", "engine"]);
