import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { must, run } from "./run.ts";
import { until } from "./wait.ts";

/** Folders of a bare machine that lie on the host's own filesystem: engines and swap files cannot work on an overlay. */
export const realFolders = ["mnt", "srv", "var/lib/docker", "var/lib/containerd"] as const;

const firstLoop = 10_000;
const perFleet = 1_024;
const perMachine = 4;

/** Numbers of the loop devices of a machine: they are the host's, so that each machine has others. */
export function loopsOf(net: number, index: number): readonly number[] {
  const first = firstLoop + net * perFleet + index * perMachine;
  return Array.from({ length: perMachine }, (_, i) => first + i);
}

export const isLoopOf = (net: number, loop: number): boolean =>
  loop >= loopsOf(net, 0)[0]! && loop < loopsOf(net + 1, 0)[0]!;

/**
 * Takes from the kernel what outlives a machine that lost its power: swapping to its files, which lie in the machine's
 * folder, and its loop devices. Its processes are gone.
 */
export async function releaseDisks(
  machineDirs: readonly string[],
  isOurs: (loop: number) => boolean,
): Promise<void> {
  const swaps = (await readFile("/proc/swaps", "utf8").catch(() => "")).split("\n").slice(1);
  for (const line of swaps) {
    const [path = "", type] = line.split(/\s+/);
    const loop = loopIn(path);
    if (loop !== undefined && isOurs(loop)) await must(["swapoff", path]);
    // The path is what is left of it without the machine's mounts; of a file that is not the one in use it is refused.
    if (type !== "file") continue;
    const places = ["copy", ...realFolders.map((folder) => join("data", folder))];
    for (const dir of machineDirs)
      for (const place of places) await run(["swapoff", join(dir, place, path)]);
  }
  const loops = (await readdir("/sys/block")).map(loopIn).filter((one) => one !== undefined);
  const ours = loops.filter(isOurs);
  for (const loop of ours) await until(`loop device ${loop}`, () => remove(loop), 30_000);
}

const loopIn = (text: string): number | undefined => {
  const digits = /^(?:\/dev\/)?loop(\d+)$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

async function remove(loop: number): Promise<true | undefined> {
  await run(["losetup", "-d", `/dev/loop${loop}`]);
  const order =
    'open my $c, "+<", "/dev/loop-control" or die; exit !ioctl $c, 0x4C81, int $ARGV[0]';
  return (await run(["perl", "-e", order, String(loop)])).code === 0 ? true : undefined;
}
