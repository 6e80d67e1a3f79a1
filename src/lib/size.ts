const bytes = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** Bytes of `64k`, `512m`, `2g` (powers of 1024). Throws RangeError for anything else, and past 2^53. */
export function parseSize(text: string): number {
  const match = /^(\d{1,12})(b|k|m|g|t)$/.exec(text);
  if (match === null) throw new RangeError(`'${text}' is not a size such as 64k, 512m or 2g`);
  const size = Number(match[1]) * bytes[match[2] as keyof typeof bytes];
  if (!Number.isSafeInteger(size)) throw new RangeError(`'${text}' is larger than anything`);
  return size;
}

/** The shortest text that parses back to the same: `512m`, `1536k`, `2g`. */
export function formatSize(size: number): string {
  const unit = (["t", "g", "m", "k"] as const).find(
    (name) => size >= bytes[name] && size % bytes[name] === 0,
  );
  return unit === undefined ? `${size}b` : `${size / bytes[unit]}${unit}`;
}
