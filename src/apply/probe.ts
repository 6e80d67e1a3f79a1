import { isObject } from "../lib/json.ts";
import type { Probe, WaitStep } from "../model/step.ts";
import { engineCallMs, type Seen } from "./seen.ts";
import type { StepContext } from "./steps.ts";

const steadyMs = 5_000;
/** Of what a HEALTHCHECK printed. */
const outputLength = 200;

/** Asks a running container for its health once, as declared. */
export async function probeOnce(
  context: StepContext,
  step: Pick<WaitStep, "probe" | "timeoutMs">,
  seen: Seen,
  container: string,
  runningForMs: number,
): Promise<{ healthy: boolean; text: string }> {
  const probe = effectiveProbe(step.probe, seen);
  switch (probe.by) {
    case "engine":
      return engineHealth(context, seen);
    case "running":
      return {
        healthy: seen.restarts === 0 && runningForMs >= steadyMs,
        text: `running for ${Math.floor(runningForMs / 1000)} s`,
      };
    case "command":
      return await probeCommand(context, container, probe.argv, step.timeoutMs);
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

function engineHealth(
  { redact }: Pick<StepContext, "redact">,
  seen: Seen,
): { healthy: boolean; text: string } {
  if (seen.engineHealth === undefined)
    return { healthy: false, text: "the image has no HEALTHCHECK" };
  const said = seen.lastHealthOutput;
  const output = said === undefined ? "" : `: ${redact(said).slice(0, outputLength)}`;
  return {
    healthy: seen.engineHealth === "healthy",
    text: `HEALTHCHECK ${seen.engineHealth}${output}`,
  };
}

async function probeCommand(
  { session, clock }: Pick<StepContext, "session" | "clock">,
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
  const giveUpMs = clock.now() + timeoutMs;
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
        text: `${argv[0]} ended with ${Number(body["ExitCode"])}`,
      };
    }
    if (clock.now() > giveUpMs)
      return { healthy: false, text: `${argv[0]} not done in ${timeoutMs} ms` };
    await clock.sleep(50);
  }
}
