import fs from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { getConfig } from "isomorphic-git";
import { SourceError } from "../source.ts";

/** Where a local repository keeps what. */
export interface Layout {
  readonly gitdir: string;
  /** The folder with the checked-out files; a bare repository has none. */
  readonly workTree?: string;
}

/** The repository that a folder stands in, as what `openSource` takes; undefined outside of any. */
export async function findRepository(from: string): Promise<string | undefined> {
  let folder = resolve(from);
  for (;;) {
    if ((await kindOf(join(folder, ".git"))) !== undefined || (await isGitdir(folder)))
      return folder;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

/** Finds the git folder, and refuses what could only be read wrongly. */
export async function inspectRepository(path: string, maxPackBytes: number): Promise<Layout> {
  const layout = await locate(path);
  const { gitdir } = layout;
  if (!(await isGitdir(gitdir))) throw await notARepository(path);
  await refuseUnreadable(path, gitdir);
  await refuseHuge(path, gitdir, maxPackBytes);
  return layout;
}

async function locate(path: string): Promise<Layout> {
  const dotGit = join(path, ".git");
  const kind = await kindOf(dotGit);
  if (kind === "folder") return { gitdir: dotGit, workTree: path };
  if (kind === undefined) return { gitdir: path };
  const target = /^gitdir: (.+)$/m.exec(await readFile(dotGit, "utf8"))?.[1]?.trim();
  if (target === undefined) throw await notARepository(path);
  const gitdir = resolve(path, target);
  const common = await readText(join(gitdir, "commondir"));
  if (common === undefined) return { gitdir, workTree: path };
  const main = resolve(gitdir, common.trim()).replace(/\/\.git$/, "");
  throw new SourceError(
    "unsupported",
    `${path} is a linked worktree, which cannot be read in place: use --repo ${main} (with --branch for its branch)`,
  );
}

async function refuseUnreadable(path: string, gitdir: string): Promise<void> {
  const refuse = (what: string, instead: string): SourceError =>
    new SourceError("unsupported", `${path} ${what}, which cannot be read in place: ${instead}`);
  const extension = (name: string): Promise<unknown> =>
    getConfig({ fs, gitdir, path: `extensions.${name}` });
  const format: unknown = await extension("objectformat");
  if (typeof format === "string" && format.toLowerCase() !== "sha1") {
    throw refuse(
      `is a ${format.toUpperCase()} repository`,
      "make the infra repository with git's default, SHA-1",
    );
  }
  if (
    (await extension("refstorage")) !== undefined ||
    (await kindOf(join(gitdir, "reftable"))) === "folder"
  ) {
    throw refuse("keeps its refs as a reftable", "run `git refs migrate --ref-format=files` there");
  }
  if ((await extension("partialclone")) !== undefined || (await hasPromisor(gitdir))) {
    throw refuse("is a partial clone", "clone it again without --filter");
  }
  if ((await readText(join(gitdir, "objects", "info", "alternates")))?.trim()) {
    throw refuse(
      "borrows objects from another repository (objects/info/alternates)",
      "run `git repack -a -d` there and remove objects/info/alternates, or clone it again without --shared or --reference",
    );
  }
}

const hasPromisor = async (gitdir: string): Promise<boolean> =>
  (await packFiles(gitdir)).some((name) => name.endsWith(".promisor"));

/** Packs are read into memory whole. */
async function refuseHuge(path: string, gitdir: string, maxPackBytes: number): Promise<void> {
  for (const name of await packFiles(gitdir)) {
    if (!name.endsWith(".pack")) continue;
    const { size } = await stat(join(gitdir, "objects", "pack", name)).catch(() => ({ size: 0 }));
    if (size <= maxPackBytes) continue;
    throw new SourceError(
      "too-large",
      `${path} has a pack of ${Math.ceil(size / 1e6)} MB, more than the limit of ${Math.floor(maxPackBytes / 1e6)} MB; ` +
        "keep the infra repository by itself, or give its http(s) URL, of which only the newest commit is fetched",
    );
  }
}

const packFiles = (gitdir: string): Promise<readonly string[]> =>
  readdir(join(gitdir, "objects", "pack")).catch(() => []);

async function isGitdir(folder: string): Promise<boolean> {
  const kinds = await Promise.all(
    ["HEAD", "objects", "refs"].map((name) => kindOf(join(folder, name))),
  );
  return kinds[0] === "file" && kinds[1] === "folder" && kinds[2] === "folder";
}

async function notARepository(path: string): Promise<SourceError> {
  const what = (await kindOf(path)) === undefined ? "is not there" : "is not a git repository";
  return new SourceError("missing", `${path} ${what}; give one with --repo`);
}

const kindOf = (path: string): Promise<"file" | "folder" | undefined> =>
  stat(path).then(
    (found) => (found.isDirectory() ? "folder" : "file"),
    () => undefined,
  );

const readText = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch(() => undefined);
