/** Lets so many in at once; the others wait in order. */
export interface Semaphore {
  /** Resolves with the function that leaves again. Rejects with the signal's reason when that aborts first. */
  enter(signal?: AbortSignal): Promise<() => void>;
  readonly inside: number;
}

export function createSemaphore(limit: number): Semaphore {
  const waiting: (() => void)[] = [];
  let inside = 0;

  const leaveOnce = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = waiting.shift();
      if (next) next();
      else inside -= 1;
    };
  };

  return {
    get inside() {
      return inside;
    },
    enter: (signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        if (inside < limit) {
          inside += 1;
          return resolve(leaveOnce());
        }
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(admit), 1);
          reject(signal?.reason as Error);
        };
        // Whoever leaves hands its place over, so the count stays.
        const admit = (): void => {
          signal?.removeEventListener("abort", giveUp);
          resolve(leaveOnce());
        };
        signal?.addEventListener("abort", giveUp, { once: true });
        waiting.push(admit);
      }),
  };
}
