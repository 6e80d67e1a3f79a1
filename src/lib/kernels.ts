/**
 * Whether a machine has yet to start what was installed on it. Undefined: it does not tell, as where the running kernel is not
 * among the installed ones.
 */
export function isRebootNeeded(
  isAskedFor: boolean,
  running: string,
  installed: readonly string[],
): boolean | undefined {
  if (isAskedFor) return true;
  if (!installed.includes(running)) return undefined;
  return newerKernel(running, installed) !== undefined;
}

/** The newest kernel that is installed and does not run; undefined: none, or the running one is not among the installed ones. */
export function newerKernel(running: string, installed: readonly string[]): string | undefined {
  if (!installed.includes(running)) return undefined;
  const newest = installed.reduce((best, other) => (isNewer(other, best) ? other : best), running);
  return newest === running ? undefined : newest;
}

/** Only of the same sort: `6.1.0-21-cloud-amd64` does not take the place of `6.1.0-18-amd64`. */
function isNewer(other: string, running: string): boolean {
  if (sortOf(other) !== sortOf(running)) return false;
  const theirs = numbersOf(other);
  const ours = numbersOf(running);
  const at = theirs.findIndex((number, i) => number !== ours[i]);
  return at >= 0 && (theirs[at] ?? 0) > (ours[at] ?? -1);
}

const sortOf = (kernel: string): string => kernel.replaceAll(/\d+(?:\.\d+)*/g, "N");

const numbersOf = (kernel: string): readonly number[] => (kernel.match(/\d+/g) ?? []).map(Number);
