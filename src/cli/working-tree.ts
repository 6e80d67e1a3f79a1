import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Snapshot } from "../model/snapshot.ts";
import { diskSnapshot } from "../source/local/disk.ts";
import type { Context } from "./command.ts";
import { findRepo } from "./repo.ts";
import { UserError } from "./trouble.ts";

/** What the snapshot of files on disk calls itself, where no commit is to stand for it. */
const workingTree = "working-tree";

/** The files as they stand in the folder. A folder that is in no repository yet will do. Throws UserError. */
export async function snapshotOnDisk(context: Context, revision = workingTree): Promise<Snapshot> {
  const { root, path } = await folderOf(context, "Name a commit: --revision main");
  return await diskSnapshot(root, path ?? "", revision);
}

/** Where the files stand that are snapshot; `remedy` for a repository that has none in a folder. Throws UserError. */
export async function folderOf(
  { options, io }: Context,
  remedy: string,
): Promise<{ readonly root: string; readonly path?: string }> {
  if (
    options.repo === undefined &&
    (await isFile(join(io.cwd, "slipway.yaml"))) &&
    options.path === undefined
  ) {
    const place = await findRepo(options, io).catch(() => undefined);
    return place === undefined ? { root: io.cwd } : { root: place.repo, ...withPath(place.path) };
  }
  const { repo, path, isLocal } = await findRepo(options, io);
  if (!isLocal || (await isBare(repo)))
    throw new UserError("usage", `${repo} has no files in a folder`, remedy);
  return { root: repo, ...withPath(path) };
}

const withPath = (path: string | undefined): { readonly path?: string } =>
  path === undefined ? {} : { path };

const isFile = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const isBare = async (repo: string): Promise<boolean> =>
  (await isFile(join(repo, "HEAD"))) &&
  (await lstat(join(repo, ".git")).catch(() => undefined)) === undefined;
