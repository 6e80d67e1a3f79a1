/** Time since, as people say it: `just now`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "just now";
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** How long something took: `340 ms`, `3.2 s`, `2 min 5 s`. */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const unitsOfBytes = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** `1.5 GB`, in powers of 1024. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < unitsOfBytes.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits =
    value >= 10 || unit === 0 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
  return `${digits} ${unitsOfBytes[unit]}`;
}
