import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../lib/json.ts";
import { jsonFile } from "../../lib/json-file.ts";
import { isCoded } from "../git/coded.ts";

/** What is kept about one branch of one repository between runs. All of it may be lost. */
export interface StateFolder {
  /** For this process alone: the usual place, or one for now where another process holds that. */
  readonly cache: string;
  lastSeen(): Promise<string | undefined>;
  saveLastSeen(head: string): Promise<void>;
  release(): Promise<void>;
}

export async function openStateFolder(stateDir: string, key: string): Promise<StateFolder> {
  const folder = join(stateDir, "source", key);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeAbandoned(folder);
  const lock = join(folder, "lock");
  const isOurs = await takeLock(lock);
  const cache = isOurs ? join(folder, "cache") : join(folder, scratchName());
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const seen = jsonFile(join(folder, "seen.json"), 4096);
  return {
    cache,
    lastSeen: async () => {
      const { value } = await seen.read();
      return isObject(value) && typeof value["head"] === "string" ? value["head"] : undefined;
    },
    saveLastSeen: (head) => seen.write({ version: 1, head }),
    release: () => rm(isOurs ? lock : cache, { recursive: true, force: true }),
  };
}

/** Held as long as its process lives, however that ends. */
async function takeLock(lock: string): Promise<boolean> {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      await writeFile(lock, thisProcess(), { flag: "wx" });
      return true;
    } catch (error) {
      if (!isCoded(error, "EEXIST")) throw error;
    }
    if (isAlive(await readFile(lock, "utf8").catch(() => ""))) return false;
    await rm(lock, { force: true });
  }
  return false;
}

const scratchName = (): string => `scratch-${thisProcess()}-${randomBytes(4).toString("hex")}`;

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = /^scratch-(\d+\.\d*)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(owner))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Process ids come again, in a container soon; with the time of start they do not. */
const thisProcess = (): string => `${process.pid}.${startedAt(process.pid) ?? ""}`;

function isAlive(owner: string): boolean {
  const [pid, started] = owner.split(".");
  if (pid === undefined || !/^\d+$/.test(pid)) return false;
  const now = startedAt(Number(pid));
  if (now !== undefined) return now === started;
  try {
    process.kill(Number(pid), 0);
    return started === "";
  } catch (error) {
    return isCoded(error, "EPERM") && started === "";
  }
}

/** In ticks since boot, where the system tells. */
function startedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
