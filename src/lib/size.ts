const bytes = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** Bytes of `64k`, `512m`, `2g` (powers of 1024); undefined for anything else, and past what a number holds exactly. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})(b|k|m|g|t)$/.exec(text);
  if (match === null) return undefined;
  const size = Number(match[1]) * bytes[match[2] as keyof typeof bytes];
  return Number.isSafeInteger(size) ? size : undefined;
}

/** The shortest text that parses back to the same: `512m`, `1536k`, `2g`. */
export function formatSize(size: number): string {
  const unit = (["t", "g", "m", "k"] as const).find(
    (name) => size >= bytes[name] && size % bytes[name] === 0,
  );
  return unit === undefined ? `${size}b` : `${size / bytes[unit]}${unit}`;
}
