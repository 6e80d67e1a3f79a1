import { readFile, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isLoopOf, releaseDisks } from "./disks.ts";
import {
  cacheDir,
  fleetsDir,
  isOlder,
  listFleets,
  netsOf,
  releaseNets,
  stateRoot,
} from "./home.ts";
import { removeHostInterfaces } from "./network.ts";
import { killIfAlive, recordedProcesses } from "./processes.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

const cgroups = "/sys/fs/cgroup";

/** Removes the control groups that a fleet's engines made; they empty only after the last process is gone. */
export async function removeCgroups(prefix: string): Promise<void> {
  const roots = [cgroups, ...(await readdir(cgroups)).map((name) => join(cgroups, name))];
  await Promise.all(
    roots.map(async (root) => {
      const path = join(root, `slipway-fleet-${prefix}`);
      await until(
        `control group ${path}`,
        async () => ((await removeTree(path)) ? true : undefined),
        30_000,
      );
    }),
  );
}

async function removeTree(path: string): Promise<boolean> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return true;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  return rmdir(path).then(
    () => true,
    () => false,
  );
}

/** Takes down whatever mounts stand in a folder of the host's view; normally there are none. */
async function unmountBelow(dir: string): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  for (const mount of mounts.reverse())
    if (mount.startsWith(`${dir}/`)) await run(["umount", "-l", mount]);
}

/** Removes a fleet's folder and what else carries its prefix, once its processes are gone. */
export async function removeRemains(prefix: string, keepState = false): Promise<void> {
  const dir = join(fleetsDir(), prefix);
  await removeHostInterfaces(prefix);
  await removeCgroups(prefix);
  await unmountBelow(dir);
  const machines = join(dir, "machines");
  const dirs = (await readdir(machines).catch(() => [])).map((name) => join(machines, name));
  const nets = await netsOf(prefix);
  await releaseDisks(dirs, (loop) => nets.some((net) => isLoopOf(net, loop)));
  await releaseNets(prefix);
  // The owner last: what cannot be removed now is found by whoever clears up next.
  if (!keepState) await rm(machines, { recursive: true, force: true, maxRetries: 3 });
  await rm(keepState ? join(dir, "owner.json") : dir, {
    recursive: true,
    force: true,
    maxRetries: 3,
  });
}

/** Removes what is left of fleets whose owner is gone; others are not touched. */
export async function reapDead(): Promise<string[]> {
  const dead = (await listFleets()).filter((fleet) => !fleet.alive && fleet.owner !== undefined);
  for (const { prefix, dir } of dead) {
    for (const id of await recordedProcesses(dir)) killIfAlive(id);
    await removeRemains(prefix);
  }
  for (const dir of [stateRoot(), cacheDir()]) {
    for (const name of await readdir(dir).catch(() => [])) {
      const half = join(dir, name); // made when its maker died
      if (name.startsWith("new-") && (await isOlder(half, 30 * 60_000)))
        await rm(half, { recursive: true, force: true });
    }
  }
  return dead.map((fleet) => fleet.prefix);
}
