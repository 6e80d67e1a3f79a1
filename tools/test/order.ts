/** About how many seconds live test files take, five at a time on two cores; what is not named, less than these. */
const seconds: Readonly<Record<string, number>> = {
  secrets: 150,
  rebuild: 265,
  rollout: 170,
  cli: 190,
  "proxy-failures": 230,
  jobs: 120,
  trouble: 210,
  "main-job": 150,
  names: 110,
  certificates: 150,
  kill: 120,
  trials: 130,
  canary: 200,
  bootstrap: 95,
  exec: 110,
  renames: 105,
  lock: 100,
  adopt: 95,
  "private-registry": 90,
  pulls: 90,
  "machine-reboot": 85,
  "machine-firewall": 85,
  "machine-files": 75,
  "proxy-kills": 75,
  forge: 75,
  "image-texts": 75,
  drift: 65,
  proxy: 65,
  "machine-users": 55,
  "proxy-moves": 50,
  "machine-wireguard": 50,
  "machine-cuts": 50,
  ledger: 45,
  image: 35,
  "machine-sshd": 30,
  kinds: 30,
};
const usual = 22;

const weightOf = (file: string): number =>
  seconds[/([^/]+)\.test\.ts$/.exec(file)?.[1] ?? ""] ?? usual;

/** The longest first: one that is begun last would be waited for alone. */
export const longestFirst = (files: readonly string[]): readonly string[] =>
  files.toSorted((a, b) => weightOf(b) - weightOf(a));

const foldersFirst = [
  "source",
  "cli",
  "simulator",
  "secrets",
  "kinds",
  "remote",
  "scenarios",
  "pass",
];

/** Of unit tests: the longest ones first, the others as they come. */
export const longestFoldersFirst = (folders: readonly string[]): readonly string[] => {
  const rank = (folder: string): number =>
    foldersFirst.includes(folder) ? foldersFirst.indexOf(folder) : foldersFirst.length;
  return folders.toSorted((a, b) => rank(a) - rank(b));
};
