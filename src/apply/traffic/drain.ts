import type { DrainStep } from "../../model/step.ts";
import { StepFailure } from "../failure.ts";
import type { StepContext } from "../steps.ts";
import { countersOf, placesOf, say } from "./runtime.ts";
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
  await withdraw(context, step);
  const startMs = clock.now();
  const open = async (): Promise<number> =>
    (await countersOf(session, traffic))
      .filter((c) => c.address.slice(0, c.address.lastIndexOf(":")) === address)
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
  const tally = await sinceThen(context, traffic, before);
  context.saw({
    of: "switch",
    ...tally,
    drained: Math.max(0, first - left),
    cut: left,
  });
}

/** Who is to be stopped gets nothing new, where the switch to another has not seen to that. */
async function withdraw(context: StepContext, { traffic, address }: DrainStep): Promise<void> {
  const places = await placesOf(context.session, traffic);
  const serving = places.flatMap(({ backend, slots }) =>
    slots.filter((s) => s.ready && s.address === address).map((s) => `${backend}/${s.slot}`),
  );
  if (serving.length === 0) return;
  await say(
    context.session,
    traffic,
    serving.map((server) => `set server ${server} state maint`),
  );
}
