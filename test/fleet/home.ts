import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { identify, isAlive, type ProcessId } from "./processes.ts";

/** Where all fleets of this host keep their state. */
export function stateRoot(): string {
  return process.env["SLIPWAY_FLEET_DIR"] ?? "/var/tmp/slipway-fleet";
}

export const fleetsDir = (): string => join(stateRoot(), "fleets");
export const cacheDir = (): string => join(stateRoot(), "cache");
const netsDir = (): string => join(stateRoot(), "nets");

/** Whether a file was last written to, or marked as used, so long ago; what is not there is not old. */
export async function isOlder(path: string, ms: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ms;
}

export function randomPrefix(): string {
  return `f${randomBytes(3).toString("hex")}`;
}

/** Takes a prefix: the folder appears complete with its owner, or not at all. */
export async function claimPrefix(prefix: string): Promise<string> {
  if (!/^[a-z][a-z0-9]{0,7}$/.test(prefix)) {
    throw new Error(`fleet prefix ${prefix}: a letter, then up to 7 letters and digits`);
  }
  await mkdir(fleetsDir(), { recursive: true, mode: 0o755 });
  const fresh = await mkdtemp(join(stateRoot(), "new-"));
  await writeFile(join(fresh, "owner.json"), JSON.stringify(identify(process.pid)));
  const dir = join(fleetsDir(), prefix);
  try {
    await rename(fresh, dir);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw new Error(`a fleet called ${prefix} is there already`, { cause: error });
  }
  return dir;
}

/** Who owns the fleet in this folder; undefined where that cannot be read. */
export async function readOwner(dir: string): Promise<ProcessId | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dir, "owner.json"), "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value) || !("started" in value))
      return undefined;
    return typeof value.pid === "number" && typeof value.started === "string"
      ? { pid: value.pid, started: value.started }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Fleets on this host, by prefix, with whether their owner still runs. */
export async function listFleets(): Promise<
  { prefix: string; dir: string; owner?: ProcessId; alive: boolean }[]
> {
  const names = await readdir(fleetsDir()).catch(() => []);
  return Promise.all(
    [...names]
      .sort((a, b) => a.localeCompare(b))
      .map(async (prefix) => {
        const dir = join(fleetsDir(), prefix);
        const owner = await readOwner(dir);
        return owner === undefined
          ? { prefix, dir, alive: false }
          : { prefix, dir, owner, alive: isAlive(owner) };
      }),
  );
}

/** Takes a number from 0 to 255 that no other fleet has; creating a link is the lock. */
export async function claimNet(prefix: string, isFree: (net: number) => boolean): Promise<number> {
  await mkdir(netsDir(), { recursive: true });
  const first = randomBytes(1)[0] ?? 0;
  for (let i = 0; i < 256; i++) {
    const net = (first + i) % 256;
    if (!isFree(net)) continue;
    try {
      await symlink(prefix, join(netsDir(), String(net)));
      return net;
    } catch {
      // another fleet has it
    }
  }
  throw new Error("no free network: too many fleets on this host");
}

export async function netsOf(prefix: string): Promise<readonly number[]> {
  const found = (await readdir(netsDir()).catch(() => [])).map(async (net) =>
    (await readlink(join(netsDir(), net)).catch(() => "")) === prefix ? [Number(net)] : [],
  );
  return (await Promise.all(found)).flat();
}

export async function releaseNets(prefix: string): Promise<void> {
  for (const net of await netsOf(prefix)) await rm(join(netsDir(), String(net)), { force: true });
}
