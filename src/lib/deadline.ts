/** The reason of a signal whose time ran out. */
export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Frees the timer; the signal stays as it is. */
  end(): void;
}

/** A signal that aborts after `ms` (with DeadlinePassed), or with one of the others. Keeps the process alive meanwhile. */
export function startDeadline(
  ms: number,
  ...others: readonly (AbortSignal | undefined)[]
): Deadline {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(new DeadlinePassed(`no end after ${ms} ms`)), ms);
  const signals = others.filter((signal) => signal !== undefined);
  return {
    signal: AbortSignal.any([timer.signal, ...signals]),
    end: () => clearTimeout(timeout),
  };
}

/** The promise's own end, or a rejection with the signal's reason if that comes first. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
