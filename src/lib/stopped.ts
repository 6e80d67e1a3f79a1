import { orAbort } from "./deadline.ts";

/** Why a signal aborts that asks to end: what is done stands, what is not is left for the next time. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  constructor(message = "stopped at a safe point; the next pass goes on from there") {
    super(message);
  }
}

/** A signal aborts for other reasons too: to make room for a newer revision is no stop. */
export const isStop = (signal: AbortSignal): boolean =>
  signal.aborted && signal.reason instanceof Stopped;

/** A signal that aborts with Stopped once the other is asked to stop, and for no other reason. */
export function stopOf(signal: AbortSignal): AbortSignal {
  const stop = new AbortController();
  const heed = (): void => {
    if (isStop(signal)) stop.abort(signal.reason);
  };
  heed();
  signal.addEventListener("abort", heed, { once: true });
  return stop.signal;
}

/** What was known before, where a stop comes first. */
export const unlessStopped = async <T>(
  work: Promise<T>,
  stop: AbortSignal,
  before: T,
): Promise<T> =>
  await orAbort(work, stop).catch((error: unknown) => {
    if (error instanceof Stopped) return before;
    throw error;
  });
