import type { TalkStep } from "../../model/step.ts";
import { RemoteError } from "../../remote/session.ts";
import { ofMachine, unhealthy } from "../evidence.ts";
import { StepFailure } from "../failure.ts";
import { look } from "../seen.ts";
import type { StepContext } from "../steps.ts";

const answerBytes = 4 * 1024 * 1024;
const answerMs = 10_000;
const firstPauseMs = 20;
const longestPauseMs = 500;

/** What begins to listen is waited for, where an answer is. */
export async function talk(
  context: StepContext,
  step: TalkStep,
  container?: string,
): Promise<void> {
  const { session, clock } = context;
  const { socket: path, text, until } = step;
  const giveUpMs = clock.now() + step.timeoutMs;
  let said = "nothing";
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      const timeoutMs = Math.min(answerMs, step.timeoutMs);
      said = await session.talk({ path, text, timeoutMs, maxBytes: answerBytes });
      if (until === undefined || said.includes(until)) return;
    } catch (error) {
      if (until === undefined || session.gone.aborted || !(error instanceof RemoteError))
        throw error;
      said = error.message;
    }
    if (container !== undefined) await throwIfEnded(context, container);
    if (clock.now() > giveUpMs)
      throw new StepFailure(
        "machine",
        `no answer with ${JSON.stringify(until)} from ${path} in ${step.timeoutMs / 1000} s: ${context.redact(said).trim().slice(-200)}`,
      );
    await clock.sleep(pauseMs);
  }
}

async function throwIfEnded(context: StepContext, container: string): Promise<void> {
  const seen = await look(context.session, container);
  if (seen === undefined || (seen.running && !seen.restarting && seen.restarts === 0)) return;
  const text = `ended with exit code ${seen.exitCode}`;
  throw ofMachine(await unhealthy(context, seen, container, text, undefined));
}
