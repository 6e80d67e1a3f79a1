import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { listBranches, resolveRef } from "isomorphic-git";
import { giveToOwner } from "./loose.ts";
import { isCoded } from "./coded.ts";
import { SourceError } from "../source.ts";

/** The id that a ref stands for, through symbolic refs; undefined when there is none. */
export async function readRef(gitdir: string, name: string): Promise<string | undefined> {
  try {
    const oid = await resolveRef({ fs, gitdir, ref: name });
    return /^[0-9a-f]{40}$/.test(oid) ? oid : undefined;
  } catch (error) {
    if (isCoded(error, "NotFoundError") || isCoded(error, "InvalidOidError")) return undefined;
    throw error;
  }
}

/** Of a repository on this machine, without `refs/heads/`. */
export const branchNames = async (gitdir: string): Promise<readonly string[]> =>
  (await listBranches({ fs, gitdir })).toSorted();

/** What git allows in a ref's name, roughly; above all nothing that leads elsewhere as a path. */
export const isRefName = (name: string): boolean =>
  /^[^\s~^:?*[\\\p{Cc}]+$/u.test(name) && !/\.\.|\/\/|^[/.-]|\/\.|[/.]$|\.lock$/.test(name);

/** A branch's name without `refs/heads/`. Throws SourceError `unsupported` where it cannot be one. */
export function branchName(text: string): string {
  const name = text.replace(/^refs\/heads\//, "");
  if (isRefName(name)) return name;
  throw new SourceError("unsupported", `${JSON.stringify(text)} cannot be the name of a branch`);
}

/** The branch that HEAD names: `refs/heads/main`; undefined when it is detached. */
export async function headBranch(gitdir: string): Promise<string | undefined> {
  const head = await readFile(join(gitdir, "HEAD"), "utf8");
  return /^ref: (.+)\n?$/.exec(head)?.[1]?.trim();
}

/** Points a ref of a repository that is ours alone, whole or not at all. */
export async function setRef(gitdir: string, name: string, to: string): Promise<void> {
  const file = join(gitdir, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${to}\n`);
  await rename(`${file}.new`, file);
}

/** How git says that a ref is not where a push expected it. */
export const lostRace =
  /failed to update ref|fetch first|non-fast-forward|cannot lock ref|already exists|stale info|incorrect old value/i;

const lockTries = 20;
const lockPauseMs = 50;

/** Moves a ref from `before` (undefined: there must be none) under git's own lock, as git does; false when it stands elsewhere. */
export async function moveRef(
  gitdir: string,
  name: string,
  before: string | undefined,
  to: string,
): Promise<boolean> {
  const file = join(gitdir, name);
  const made = await mkdir(dirname(file), { recursive: true });
  if (made !== undefined) await giveToOwner(gitdir, [made, dirname(file)]);
  const lock = `${file}.lock`;
  const handle = await takeLock(lock);
  try {
    try {
      await handle.writeFile(`${to}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await readRef(gitdir, name)) !== before) {
      await rm(lock, { force: true });
      return false;
    }
    await giveToOwner(gitdir, [lock]);
    await rename(lock, file);
    return true;
  } catch (error) {
    await rm(lock, { force: true });
    throw error;
  }
}

async function takeLock(lock: string): Promise<fs.promises.FileHandle> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open(lock, "wx", 0o644);
    } catch (error) {
      if (!isCoded(error, "EEXIST") || tries >= lockTries) throw lockTrouble(lock, error);
      await pause(lockPauseMs);
    }
  }
}

const lockTrouble = (lock: string, error: unknown): SourceError =>
  isCoded(error, "EEXIST")
    ? new SourceError(
        "unreachable",
        `${lock} exists: another git is at work there, or was killed (then remove it)`,
      )
    : new SourceError(
        "denied",
        `${lock} cannot be written: ${error instanceof Error ? error.message : ""}`,
      );
