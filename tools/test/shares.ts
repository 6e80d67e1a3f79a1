/** About how many seconds live test files take, four at a time on two cores; what is not named, less than these. */
const seconds: Readonly<Record<string, number>> = {
  rollout: 160,
  trouble: 150,
  kill: 90,
  "proxy-failures": 150,
  canary: 125,
  cli: 115,
  "main-job": 130,
  exec: 90,
  renames: 75,
  names: 100,
  "proxy-kills": 75,
  forge: 60,
  secrets: 110,
  lock: 60,
  drift: 60,
  jobs: 100,
  "machine-firewall": 90,
  "machine-wireguard": 60,
  certificates: 95,
  "proxy-moves": 60,
  bootstrap: 50,
  "machine-users": 45,
  "machine-sshd": 45,
  pulls: 40,
};
const usual = 28;

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
