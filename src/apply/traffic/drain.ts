import { hostOf } from "../../lib/haproxy.ts";
import type { DrainStep } from "../../model/step.ts";
import { RemoteError, type Session } from "../../remote/session.ts";
import { StepFailure } from "../failure.ts";
import type { StepContext } from "../steps.ts";
import { outOfUse, rewriteServers, type ServerLine } from "./rewrite.ts";
import { pathCommands } from "./paths.ts";
import { countersOf, placesOf, say, serversOf } from "./runtime.ts";
import { sinceThen } from "./tally.ts";

const firstPauseMs = 20;
const longestPauseMs = 500;

/** Known, not slept: the proxy counts the connections that a server still has. */
export async function drainTraffic(
  context: StepContext,
  step: DrainStep,
  before: string | undefined,
): Promise<void> {
  const { session, clock, preempt } = context;
  const { traffic, address } = step;
  if (step.stays !== true && !(await withdraw(context, step))) return;
  const startMs = clock.now();
  const open = async (): Promise<number> =>
    (await countersOf(session, traffic))
      .filter((c) => hostOf(c) === address)
      .reduce((sum, c) => sum + c.connections, 0);
  const first = await open();
  let left = first;
  const endMs = startMs + Math.max(step.requestsMs, step.streamsMs);
  for (let pauseMs = firstPauseMs; left > 0 && clock.now() < endMs;) {
    context.progress(`draining: ${left} open`);
    await clock.sleep(Math.min(pauseMs, endMs - clock.now()), preempt).catch(() => undefined);
    if (preempt.aborted) throw new StepFailure("preempted", "a newer revision takes over");
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    left = await open();
  }
  if (traffic.pools.length === 0) return;
  const tally = await sinceThen(context, traffic, before);
  context.saw({
    of: "switch",
    ...tally,
    drained: Math.max(0, first - left),
    cut: left,
  });
}

/**
 * Who is to be stopped gets nothing new, where the switch to another has not seen to that. False where no proxy runs, and
 * none is needed.
 */
async function withdraw(context: StepContext, step: DrainStep): Promise<boolean> {
  const { session } = context;
  const { traffic } = step;
  const serving = await servingAt(session, step).catch((error: unknown) => {
    const isSilent = error instanceof RemoteError && error.class === "network";
    if (isSilent && traffic.pools.length === 0) return undefined;
    throw error;
  });
  if (serving === undefined) return false;
  if (serving.length === 0) return true;
  const lines = serving.map((server) => ({ ...server, text: outOfUse, path: "none" }));
  await rewriteServers(context, traffic.proxy, lines);
  await say(
    session,
    traffic,
    serving.flatMap((server) => [
      `set server ${server.backend}/${server.slot} state maint`,
      ...pathCommands(server),
    ]),
  );
  return true;
}

/** Of its pools; where it is not known which those are, of all. */
async function servingAt(
  session: Session,
  { traffic, address }: DrainStep,
): Promise<readonly Pick<ServerLine, "backend" | "slot">[]> {
  const servers =
    traffic.pools.length === 0
      ? await serversOf(session, traffic)
      : (await placesOf(session, traffic)).flatMap(({ slots }) => slots);
  return servers
    .filter((s) => s.ready && s.address === address)
    .map(({ backend, slot }) => ({ backend, slot }));
}
