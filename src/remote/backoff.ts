const firstMs = 500;
const longestMs = 30_000;

/** How long to leave a machine alone after so many failures in a row; `random` (0 up to 1) keeps a fleet out of step. */
export function backOffMs(failures: number, random: number): number {
  const full = Math.min(firstMs * 2 ** Math.max(0, failures - 1), longestMs);
  return Math.round(full * (0.5 + random / 2));
}
