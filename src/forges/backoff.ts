import type { ForgeError } from "./forge.ts";

const second = 1000;
const minute = 60 * second;

/** First pause, by what it grows, and the longest, by what stands in the way. */
const pauses = {
  usual: { firstMs: second, factor: 2, longestMs: 5 * minute },
  /** Somebody has to give another token: a forge that is asked too often with a wrong one shuts out its sender. */
  denied: { firstMs: minute, factor: 5, longestMs: 60 * minute },
} as const;

/** How long to leave something alone that failed so often in a row, and by how much at least when the forge says that. */
export function pauseMs(tries: number, trouble?: ForgeError): number {
  const { firstMs, factor, longestMs } = pauses[trouble?.trouble === "denied" ? "denied" : "usual"];
  const grown = Math.min(longestMs, firstMs * factor ** Math.min(tries - 1, 20));
  return Math.max(grown, trouble?.retryAfterMs ?? 0);
}
