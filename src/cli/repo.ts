import { stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { isScpLike } from "../lib/address.ts";
import { findRepository } from "../source/local/layout.ts";
import type { Io } from "./io.ts";
import type { GlobalOptions } from "./options.ts";
import { UserError } from "./trouble.ts";

/** Which repository a command is about. */
export interface RepoPlace {
  /** An absolute path, or a URL. */
  readonly repo: string;
  /** The folder in it that is the infra repo. */
  readonly path?: string;
  readonly isLocal: boolean;
}

const isUrl = (repo: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(repo) || isScpLike(repo);

/** As told, else the repository around the current folder. Throws UserError where there is none. */
export async function findRepo(options: GlobalOptions, io: Pick<Io, "cwd">): Promise<RepoPlace> {
  const { repo, path } = options;
  const withPath = path === undefined ? {} : { path };
  if (repo !== undefined)
    return isUrl(repo)
      ? { repo, ...withPath, isLocal: false }
      : { repo: resolve(io.cwd, repo), ...withPath, isLocal: true };
  const root = await findRepository(io.cwd);
  if (root === undefined)
    throw new UserError(
      "no-repo",
      `${io.cwd} is in no git repository`,
      "Give one with --repo DIR or --repo URL, or start with 'slipway init'.",
    );
  const found = path ?? (await folderWithSettings(io.cwd, root));
  return { repo: root, ...(found === undefined ? {} : { path: found }), isLocal: true };
}

/** Of a larger repository: the folder at or above this one that holds slipway.yaml. */
async function folderWithSettings(from: string, root: string): Promise<string | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (await isFile(join(folder, "slipway.yaml"))) return relative(root, folder) || undefined;
    if (folder === root || folder === dirname(folder)) return undefined;
  }
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
