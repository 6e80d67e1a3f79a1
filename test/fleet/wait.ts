import { setTimeout as pause } from "node:timers/promises";

/** That it will never come: ends the waiting at once. */
export class Hopeless extends Error {}

/** Asks again and again until the answer is there, and is not no; throws with the last trouble when time is up, long after it should be. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let trouble: unknown;
  for (let step = 5; ; step = Math.min(step * 1.5, 100)) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      trouble = undefined;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      trouble = error;
    }
    if (performance.now() > end)
      throw new Error(`${what}: not within ${deadlineMs} ms`, { cause: trouble });
    await pause(step);
  }
}

/** Like Promise.all, but fails only when nothing is under way any more: what came up can be taken down. */
export async function every<T extends readonly unknown[]>(
  all: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(all);
  return Promise.all(all);
}
