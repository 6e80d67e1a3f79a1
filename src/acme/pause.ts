import type { AcmeError, AcmeTrouble } from "./error.ts";

const minute = 60_000;
const hour = 60 * minute;

/**
 * First pause, by what it grows, and the longest, by what stands in the way. Let's Encrypt takes five answers that are
 * not there for a host in an hour, and then none for the rest of it.
 */
const pauses: Readonly<
  Record<AcmeTrouble, readonly [firstMs: number, factor: number, longestMs: number]>
> = {
  unreachable: [minute, 2, hour],
  late: [5 * minute, 2, 6 * hour],
  odd: [5 * minute, 2, 6 * hour],
  unproven: [5 * minute, 3, 6 * hour],
  limited: [hour, 1, hour],
  refused: [hour, 2, 12 * hour],
};

/** How long to leave an authority alone that gave none so often in a row, and for how long at least by its own words. */
export function pauseMs(failures: number, { trouble, retryAfterMs = 0 }: AcmeError): number {
  const [firstMs, factor, longestMs] = pauses[trouble];
  const grown = Math.min(longestMs, firstMs * factor ** Math.min(failures - 1, 20));
  return Math.max(grown, retryAfterMs);
}
