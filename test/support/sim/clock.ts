import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../src/lib/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly number: number;
  readonly ring: () => void;
}

/** Nothing can happen any more, and the work has not ended: something waits for what never comes. */
export class Stuck extends Error {
  override readonly name = "Stuck";
}

/** Time that passes only when all who could do something wait for it. */
export class SimClock implements Clock {
  private ms = Date.UTC(2030, 0, 1);
  private number = 0;
  private readonly timers: Timer[] = [];

  now(): number {
    return this.ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (): void => reject(signal?.reason as Error);
      if (signal?.aborted === true) return give();
      signal?.addEventListener("abort", give, { once: true });
      this.at(this.ms + ms, () => {
        signal?.removeEventListener("abort", give);
        resolve();
      });
    });
  }

  /** Calls back at a time; those of the same time in the order in which they asked. */
  at(atMs: number, ring: () => void): void {
    const timer = { atMs: Math.max(atMs, this.ms), number: ++this.number, ring };
    const index = this.timers.findLastIndex((t) => t.atMs <= timer.atMs);
    this.timers.splice(index + 1, 0, timer);
  }

  /** Lets time pass until the work has ended. Throws Stuck where it cannot end, or not in `limitMs`. */
  async run<T>(work: Promise<T>, limitMs = 24 * 3_600_000): Promise<T> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    const untilMs = this.ms + limitMs;
    for (;;) {
      // Whatever can go on without time passing has gone on by the next turn.
      await turn();
      if (isDone) return await work;
      const timer = this.timers.shift();
      if (timer === undefined) throw new Stuck("nobody waits for anything that can still come");
      this.ms = timer.atMs;
      if (this.ms > untilMs) throw new Stuck(`not done in ${limitMs / 60_000} minutes`);
      timer.ring();
    }
  }
}
