/** About how many seconds live test files take, three at a time on two cores; what is not named, less than these. */
const seconds: Readonly<Record<string, number>> = {
  "main-job": 200,
  kill: 160,
  rollout: 150,
  "proxy-failures": 140,
  trouble: 140,
  canary: 120,
  cli: 105,
  names: 95,
  exec: 80,
  "proxy-kills": 80,
  secrets: 80,
  forge: 70,
  lock: 70,
  renames: 70,
  drift: 60,
  ledger: 60,
  "proxy-moves": 60,
  pulls: 60,
};
const usual = 35;

const weightOf = (file: string): number =>
  seconds[/([^/]+)\.test\.ts$/.exec(file)?.[1] ?? ""] ?? usual;

/** Files in so many shares that take about as long as each other: a long one that comes last would be waited for. */
export function sharesOf(files: readonly string[], count: number): readonly (readonly string[])[] {
  const shares = Array.from({ length: count }, () => ({ files: [] as string[], weight: 0 }));
  for (const file of files.toSorted((a, b) => weightOf(b) - weightOf(a))) {
    const lightest = shares.reduce((least, share) => (share.weight < least.weight ? share : least));
    lightest.files.push(file);
    lightest.weight += weightOf(file);
  }
  return shares.map((share) => share.files).filter((share) => share.length > 0);
}
