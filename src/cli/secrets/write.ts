import { randomBytes } from "node:crypto";
import { chmod, lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Stopped } from "../../lib/stopped.ts";
import type { Io } from "../io.ts";
import { UserError } from "../trouble.ts";

/** A file of the working tree that is to hold something else. */
export interface FileChange {
  /** From the infra repo's folder. */
  readonly path: string;
  /** What it held when it was read; undefined: it was not there. */
  readonly before: string | Uint8Array | undefined;
  readonly after: string;
}

/**
 * Writes each file by a rename, so that it is the old one or the new one, with the mode that it had. An interrupt waits until
 * all are written. Throws UserError where one was changed since it was read; Stopped after an interrupt.
 */
export async function writeFiles(
  io: Pick<Io, "onInterrupt">,
  folder: string,
  changes: readonly FileChange[],
): Promise<void> {
  let isInterrupted = false;
  const end = io.onInterrupt(() => (isInterrupted = true));
  try {
    for (const { path, before } of changes) await checkUnchanged(folder, path, before);
    for (const { path, after } of changes) await replace(join(folder, path), after);
  } finally {
    end();
  }
  if (isInterrupted) throw new Stopped("stopped, after all was written");
}

/** Throws UserError for a path that leads through a symlink: it might lead out of the repo. */
export async function checkPath(folder: string, path: string): Promise<void> {
  const segments = path.split("/");
  for (const [index] of segments.entries()) {
    const part = segments.slice(0, index + 1).join("/");
    const found = await lstat(join(folder, part)).catch(() => undefined);
    if (found?.isSymbolicLink() === true)
      throw new UserError("refused", `${part} is a symlink, which is not followed`);
  }
}

async function checkUnchanged(
  folder: string,
  path: string,
  before: FileChange["before"],
): Promise<void> {
  await checkPath(folder, path);
  const now = await readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new UserError("refused", `${path} cannot be written: ${error.code ?? error.message}`);
  });
  const isSame =
    now === undefined || before === undefined ? now === before : now.equals(Buffer.from(before));
  if (!isSame)
    throw new UserError(
      "refused",
      `${path} was changed by something else meanwhile`,
      "Nothing was written. Do it again.",
    );
}

async function replace(file: string, content: string): Promise<void> {
  const mode = await lstat(file).then(
    (found) => found.mode & 0o777,
    () => undefined,
  );
  await mkdir(dirname(file), { recursive: true });
  const next = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString("hex")}.new`);
  try {
    await using handle = await open(next, "wx");
    await handle.writeFile(content);
    if (mode !== undefined) await chmod(next, mode);
    await handle.sync();
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError("refused", `${file} cannot be written (${code})`);
  }
}
