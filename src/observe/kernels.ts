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
  return installed.some((other) => isNewer(other, running));
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
