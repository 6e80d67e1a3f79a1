import { readFile, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { fleetsDir, listFleets, releaseNets, stateRoot } from "./home.ts";
import { removeHostInterfaces } from "./network.ts";
import { identify, killIfAlive } from "./processes.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

const cgroups = "/sys/fs/cgroup";

/** Removes the control groups that a fleet's engines made; they empty only after the last process is gone. */
export async function removeCgroups(prefix: string): Promise<void> {
  const roots = [cgroups, ...(await readdir(cgroups)).map((name) => join(cgroups, name))];
  await Promise.all(
    roots.map(async (root) => {
      const path = join(root, "slipway-fleet", prefix);
      await until(
        `control group ${path}`,
        async () => ((await removeTree(path)) ? true : undefined),
        5_000,
      );
      await rmdir(join(root, "slipway-fleet")).catch(() => undefined); // another fleet may be in it
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
  await releaseNets(prefix);
  await rm(keepState ? join(dir, "owner.json") : dir, {
    recursive: true,
    force: true,
    maxRetries: 3,
  });
}

/** Processes whose command line names the fleet's folder: machines, registry. */
async function processesOf(prefix: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const args = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    const dir = join(fleetsDir(), prefix);
    if (args.some((arg) => arg === dir || arg.startsWith(`${dir}/`))) found.push(Number(pid));
  }
  return found;
}

/** Removes what is left of fleets whose owner is gone; others are not touched. */
export async function reapDead(): Promise<string[]> {
  const dead = (await listFleets()).filter((fleet) => !fleet.alive && fleet.owner !== undefined);
  for (const { prefix } of dead) {
    for (const pid of await processesOf(prefix)) killIfAlive(identify(pid));
    await removeRemains(prefix);
  }
  for (const name of await readdir(stateRoot()).catch(() => [])) {
    if (name.startsWith("new-")) await removeIfOld(join(stateRoot(), name));
  }
  return dead.map((fleet) => fleet.prefix);
}

async function removeIfOld(dir: string): Promise<void> {
  const { stat } = await import("node:fs/promises");
  const age =
    Date.now() -
    (await stat(dir).then(
      (found) => found.mtimeMs,
      () => Date.now(),
    ));
  if (age > 60_000) await rm(dir, { recursive: true, force: true });
}
