import type { SimDisk } from "./disk.ts";

const swappiness = "/proc/sys/vm/swappiness";
/** What the kernel begins with. */
const former = "60";

export const bootKernel = (disk: SimDisk): void => disk.write(swappiness, `${former}\n`);

const valueIn = (disk: SimDisk): string => (disk.read(swappiness) ?? "").trim();

const namesIn = (disk: SimDisk, prefix: string): readonly string[] =>
  disk.below(prefix.slice(0, prefix.lastIndexOf("/"))).filter((path) => path.startsWith(prefix));

/** Answers the question for the kernel's settings: there is one. */
export function listSettings(disk: SimDisk, [prefix = "", ...keys]: readonly string[]): string {
  const files = namesIn(disk, prefix);
  const isAsked = keys.length > 0 || files.length > 0;
  return [
    ...(isAsked ? [`${swappiness}:${valueIn(disk)}`] : []),
    ...files.map((path) => `${path}:${(disk.read(path) ?? "").trim()}`),
    "end\n",
  ].join("\n");
}

/** Answers the question for what was taken over. */
export const listTaken = (disk: SimDisk, folder: string): string =>
  `${namesIn(disk, `${folder}/`)
    .filter((path) => path.endsWith(".json"))
    .map((path) => disk.read(path) ?? "")
    .join("")}end\n`;

/** Undefined: it sets nothing of the kernel. */
export function tellKernel(
  disk: SimDisk,
  script: string,
  [, value = ""]: readonly string[],
): true | undefined {
  if (!script.includes('>"/proc/sys/$(')) return undefined;
  disk.write(swappiness, `${value}\n`);
  return true;
}

/** By hand, where it is ours: what is there otherwise is the former value of the next time. */
export function changeKernel(disk: SimDisk): void {
  if (takenIn(disk).length > 0) disk.write(swappiness, "99\n");
}

const takenIn = (disk: SimDisk): readonly string[] =>
  namesIn(disk, "/var/lib/slipway/acme/before/");

/** Why the kernel's setting is not as declared, or as it was before; undefined where it is. */
export function whyNotSet(disk: SimDisk, declared: number | undefined): string | undefined {
  const value = valueIn(disk);
  const wanted = declared === undefined ? former : String(declared);
  if (value !== wanted) return `vm.swappiness is ${value}, not ${wanted}`;
  const count = declared === undefined ? 0 : 1;
  const atBoot = namesIn(disk, "/etc/sysctl.d/");
  if (atBoot.length !== count) return `at boot there is ${atBoot.join(", ") || "nothing"}`;
  const taken = takenIn(disk);
  return taken.length === count ? undefined : `${taken.length} things are taken over`;
}
