import { isObject, type Json } from "../lib/json.ts";
import type { Evidence } from "../model/outcome.ts";
import type { FinishStep, Probe, WaitStep } from "../model/step.ts";
import type { Session } from "../remote/session.ts";
import { StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

/** What the engine says of a container, as far as health needs it. */
interface Seen {
  readonly running: boolean;
  readonly restarting: boolean;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly restarts: number;
  readonly engineHealth?: string;
  readonly lastHealthOutput?: string;
  readonly startedAt: string;
  readonly name: string;
  readonly tty: boolean;
  readonly hostNetwork: boolean;
  readonly address?: string;
}

/** A container that ends this often while it is tried will not become healthy. */
const restartsAllowed = 3;
const steadyMs = 5_000;
/** Pauses between probes grow from this to the declared interval: what is up at once is not made to wait for it. */
const firstPauseMs = 100;
const engineCallMs = 15_000;

/** Waits for `successes` healthy answers in a row; StepFailure `app` with evidence when the deadline passes or it keeps ending. */
export async function waitHealthy(
  context: StepContext,
  step: WaitStep,
  container: string,
): Promise<void> {
  const { clock, session } = context;
  const startedMs = clock.now();
  const deadlineMs = startedMs + step.deadlineMs;
  let streak = 0;
  let pauseMs = Math.min(firstPauseMs, step.intervalMs);
  let last = "not probed yet";
  let steady = { startedAt: "", sinceMs: startedMs };
  for (;;) {
    if (context.preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
    const seen = await look(session, container);
    if (seen === undefined) {
      throw new StepFailure("app", "the container is gone", {
        evidence: { machine: session.machine, container },
      });
    }
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
    if (streak >= step.successes) return;
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
    if (context.preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
    const seen = await look(context.session, container);
    if (seen === undefined) {
      throw new StepFailure("app", "the container is gone", {
        evidence: { machine: context.session.machine, container },
      });
    }
    if (!seen.running && !seen.restarting) {
      if (seen.exitCode === 0) return;
      throw await unhealthy(
        context,
        seen,
        container,
        `ended with exit code ${seen.exitCode}`,
        undefined,
      );
    }
    if (context.clock.now() > deadlineMs) {
      throw await unhealthy(
        context,
        seen,
        container,
        `not done in ${step.deadlineMs / 1000} s`,
        undefined,
      );
    }
    await sleepOrPreempt(context, pauseMs);
    pauseMs = Math.min(pauseMs * 2, 1_000);
  }
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
  return `ended with exit code ${seen.exitCode}`;
}

async function probeOnce(
  context: StepContext,
  step: WaitStep,
  seen: Seen,
  container: string,
  runningForMs: number,
): Promise<{ healthy: boolean; text: string }> {
  const probe = effectiveProbe(step.probe, seen);
  switch (probe.by) {
    case "engine":
      return engineHealth(seen);
    case "running":
      return {
        healthy: seen.restarts === 0 && runningForMs >= steadyMs,
        text: `running for ${Math.floor(runningForMs / 1000)} s`,
      };
    case "command":
      return await probeCommand(context.session, container, probe.argv, step.timeoutMs);
    default: {
      const host = seen.hostNetwork ? "127.0.0.1" : seen.address;
      if (host === undefined) return { healthy: false, text: "no address yet" };
      const httpPath = probe.by === "http" ? { httpPath: probe.path } : {};
      return await context.session.probe({
        host,
        port: probe.port,
        timeoutMs: step.timeoutMs,
        ...httpPath,
      });
    }
  }
}

/** `auto` is settled by what the image brings: HEALTHCHECK, else TCP on the port, else running steadily. */
function effectiveProbe(probe: Probe, seen: Seen): Exclude<Probe, { by: "auto" }> {
  if (probe.by !== "auto") return probe;
  if (seen.engineHealth !== undefined) return { by: "engine" };
  return probe.port === undefined ? { by: "running" } : { by: "tcp", port: probe.port };
}

function engineHealth(seen: Seen): { healthy: boolean; text: string } {
  if (seen.engineHealth === undefined)
    return { healthy: false, text: "the image has no HEALTHCHECK" };
  const output = seen.lastHealthOutput === undefined ? "" : `: ${seen.lastHealthOutput}`;
  return {
    healthy: seen.engineHealth === "healthy",
    text: `HEALTHCHECK ${seen.engineHealth}${output}`,
  };
}

async function probeCommand(
  session: Session,
  container: string,
  argv: readonly string[],
  timeoutMs: number,
): Promise<{ healthy: boolean; text: string }> {
  const created = await session.engine({
    method: "POST",
    path: `/containers/${encodeURIComponent(container)}/exec`,
    body: { Cmd: argv, AttachStdout: false, AttachStderr: false },
    timeoutMs: engineCallMs,
  });
  const id = isObject(created.body) ? created.body["Id"] : undefined;
  if (typeof id !== "string")
    return { healthy: false, text: `the probe's command was refused (${created.status})` };
  const started = await session.engine({
    method: "POST",
    path: `/exec/${id}/start`,
    body: { Detach: true },
    timeoutMs: engineCallMs,
  });
  if (started.status >= 300)
    return { healthy: false, text: `the probe's command did not start (${started.status})` };
  const giveUpMs = performance.now() + timeoutMs;
  for (;;) {
    const state = await session.engine({
      method: "GET",
      path: `/exec/${id}/json`,
      timeoutMs: engineCallMs,
    });
    const body: unknown = state.body;
    if (isObject(body) && body["Running"] === false) {
      return {
        healthy: body["ExitCode"] === 0,
        text: `${argv[0]} ended with ${String(body["ExitCode"])}`,
      };
    }
    if (performance.now() > giveUpMs)
      return { healthy: false, text: `${argv[0]} not done in ${timeoutMs} ms` };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function look(session: Session, container: string): Promise<Seen | undefined> {
  const reply = await session.engine({
    method: "GET",
    path: `/containers/${encodeURIComponent(container)}/json`,
    timeoutMs: engineCallMs,
  });
  if (reply.status === 404) return undefined;
  return readSeen(reply.body);
}

function readSeen(body: unknown): Seen {
  const inspect = object(body);
  const state = object(inspect["State"]);
  const health = isObject(state["Health"]) ? state["Health"] : undefined;
  const networks = Object.values(object(object(inspect["NetworkSettings"])["Networks"]));
  const addresses = networks
    .map((n) => object(n)["IPAddress"])
    .filter((a) => typeof a === "string" && a !== "");
  const lastHealth =
    health && Array.isArray(health["Log"]) ? object(health["Log"].at(-1))["Output"] : undefined;
  return {
    running: state["Running"] === true,
    restarting: state["Restarting"] === true,
    exitCode: Number(state["ExitCode"] ?? 0),
    outOfMemory: state["OOMKilled"] === true,
    restarts: Number(inspect["RestartCount"] ?? 0),
    startedAt: String(state["StartedAt"] ?? ""),
    name: String(inspect["Name"] ?? "").replace(/^\//, ""),
    tty: object(inspect["Config"])["Tty"] === true,
    hostNetwork: object(inspect["HostConfig"])["NetworkMode"] === "host",
    ...(health && health["Status"] !== "none" ? { engineHealth: String(health["Status"]) } : {}),
    ...(typeof lastHealth === "string"
      ? { lastHealthOutput: lastHealth.trim().slice(0, 200) }
      : {}),
    ...(typeof addresses[0] === "string" ? { address: addresses[0] } : {}),
  };
}

const object = (value: unknown): Readonly<Record<string, Json>> => (isObject(value) ? value : {});

async function unhealthy(
  context: StepContext,
  seen: Seen,
  container: string,
  text: string,
  probe: string | undefined,
): Promise<StepFailure> {
  const evidence: Evidence = {
    machine: context.session.machine,
    container: seen.name || container,
    exitCode: seen.exitCode,
    outOfMemory: seen.outOfMemory,
    restarts: seen.restarts,
    logTail: await logTail(context.session, container, seen.tty),
    ...(probe === undefined ? {} : { probe }),
  };
  const because = probe === undefined || probe === text ? text : `${text} (last probe: ${probe})`;
  return new StepFailure("app", because, { evidence });
}

/** The last 10 lines of both streams; never stands in the way of the failure itself. */
async function logTail(
  session: Session,
  container: string,
  tty: boolean,
): Promise<readonly string[]> {
  try {
    const stream = await session.engineStream({
      method: "GET",
      path: `/containers/${encodeURIComponent(container)}/logs?stdout=1&stderr=1&tail=10`,
      timeoutMs: engineCallMs,
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of stream.chunks) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 100_000) break;
    }
    stream.close();
    const text = tty ? Buffer.concat(chunks).toString("utf8") : plainOf(Buffer.concat(chunks));
    return text
      .split("\n")
      .filter((line) => line !== "")
      .slice(-10)
      .map((line) => line.slice(0, 300));
  } catch {
    return [];
  }
}

/** Frames of 8 header bytes (stream, 0, 0, 0, length) and payload. Source: Docker Engine API, attach. */
function plainOf(framed: Buffer): string {
  const parts: Buffer[] = [];
  for (let offset = 0; offset + 8 <= framed.length;) {
    const length = framed.readUInt32BE(offset + 4);
    parts.push(framed.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}
