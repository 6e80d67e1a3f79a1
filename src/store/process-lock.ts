import { hostname } from "node:os";
import { isObject } from "../lib/json.ts";
import type { FileContent } from "../lib/json-file.ts";
import { printableLine } from "../lib/text.ts";
import { StateError, type StateDir } from "./state-dir.ts";

/**
 * One controller per state directory. Node has no flock; what it has is SQLite, whose exclusive transaction is a POSIX record
 * lock on the file: the kernel drops it the moment the process is gone, SIGKILL included, no child inherits it, and it holds
 * between containers that share the folder. (A pid file outlives its process, an abstract socket stops at the network namespace.)
 * Nothing else may open the lock file in this process: closing any descriptor of it would drop the lock.
 */
export interface ProcessLock {
  release(): void;
}

/** Throws StateError when another process holds it, at once and saying who. */
export async function lockState(
  state: StateDir,
  now: () => number = Date.now,
): Promise<ProcessLock> {
  const { DatabaseSync } = await import("node:sqlite");
  const holder = state.file("holder.json", 10_000);
  const database = new DatabaseSync(`${state.path}/lock`, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error))
      throw new StateError(`${state.path}/lock cannot be locked: ${String(error)}`, {
        cause: error,
      });
    throw new StateError(
      `${state.path} is in use by another slipway${said(await holder.read().catch(() => ({})))}`,
    );
  }
  await holder.write({ pid: process.pid, host: hostname(), since: new Date(now()).toISOString() });
  return { release: () => database.close() };
}

/** SQLITE_BUSY, with its extended codes. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  "errcode" in error &&
  typeof error.errcode === "number" &&
  (error.errcode & 0xff) === 5;

/** Where the holder died between locking and writing, the one before is named; hence 'last seen'. */
function said({ value }: FileContent): string {
  if (!isObject(value)) return "";
  const { pid, host, since } = value;
  if (typeof pid !== "number" || typeof host !== "string" || typeof since !== "string") return "";
  return printableLine(` (last seen: pid ${pid} on ${host}, since ${since})`);
}
