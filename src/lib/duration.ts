const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `500ms`, `5s`, `2m`, `1h`, `7d`. Throws RangeError for anything else. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null)
    throw new RangeError(`'${text}' is not a duration such as 500ms, 5s, 2m or 1h`);
  return Number(match[1]) * milliseconds[match[2] as keyof typeof milliseconds];
}

const longest = [
  ["h", milliseconds.h],
  ["m", milliseconds.m],
  ["s", milliseconds.s],
] as const;

/** The shortest text that parses back to the same: `90s`, `2m`, `1h`. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  const unit = longest.find(([, size]) => whole >= size && whole % size === 0);
  return unit === undefined ? `${whole}ms` : `${whole / unit[1]}${unit[0]}`;
}
