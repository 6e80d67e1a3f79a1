import { createHash } from "node:crypto";
import fs, { type Dirent } from "node:fs";
import { lstat, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isIgnored } from "isomorphic-git";
import type { Snapshot, TreeEntry } from "../../model/snapshot.ts";
import { segments, usualLimits, type SnapshotLimits } from "../snapshot.ts";
import { SourceError } from "../source.ts";

/**
 * The files as they stand in a folder, below `path`: what would be committed, and not what git ignores. Symlinks are
 * listed and never followed. `revision` is what the snapshot calls itself.
 */
export async function diskSnapshot(
  root: string,
  path: string,
  revision: string,
  limits: SnapshotLimits = usualLimits,
): Promise<Snapshot> {
  const base = segments(path).join("/");
  const folder = join(root, base);
  if (!(await isFolder(folder))) throw new SourceError("missing", `there is no folder ${folder}`);
  const walk = new Walk(root, base, limits);
  await walk.all();
  const { files, truncated } = walk;
  const entries = [...files.values()].map(({ entry }) => entry);
  return {
    revision,
    entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ...(truncated === undefined ? {} : { truncated }),
    read: async (blob, maxBytes) => {
      const file = files.get(blob);
      if (file === undefined) throw new SourceError("missing", `there is no file ${blob}`);
      return await readBounded(file.file, file.entry.path, maxBytes);
    },
  };
}

interface Found {
  readonly entry: TreeEntry;
  readonly file: string;
}

interface Folder {
  /** From the infra repo's root, with `/` at its end; `""` for that itself. */
  readonly path: string;
  /** Whether a file of patterns stands here or above. */
  readonly hasPatterns: boolean;
}

/** Level by level, so that what is left out of a tree that is too large does not depend on chance. */
class Walk {
  readonly files = new Map<string, Found>();
  truncated: string | undefined;
  readonly #root: string;
  readonly #base: string;
  readonly #limits: SnapshotLimits;
  #count = 0;

  constructor(root: string, base: string, limits: SnapshotLimits) {
    this.#root = root;
    this.#base = base === "" ? "" : `${base}/`;
    this.#limits = limits;
  }

  async all(): Promise<void> {
    let level: readonly Folder[] = [{ path: "", hasPatterns: await hasOwnPatterns(this.#root) }];
    for (let depth = 0; level.length > 0 && this.truncated === undefined; depth += 1) {
      const next: Folder[] = [];
      for (const folder of level) next.push(...(await this.#folder(folder)));
      if (depth >= this.#limits.maxDepth && next.length > 0)
        this.truncated ??= `folders are nested more than ${this.#limits.maxDepth} deep`;
      if (next.some(({ path }) => path.length > this.#limits.maxPathLength))
        this.truncated ??= `a path is longer than ${this.#limits.maxPathLength} characters`;
      level = next;
    }
  }

  async #folder(folder: Folder): Promise<readonly Folder[]> {
    const items = await readdir(join(this.#root, this.#base, folder.path), { withFileTypes: true });
    const hasPatterns = folder.hasPatterns || items.some(({ name }) => name === ".gitignore");
    const below: Folder[] = [];
    for (const item of items.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder.path}${item.name}${item.isDirectory() ? "/" : ""}`;
      if (item.name === ".git" || (hasPatterns && (await this.#isIgnored(path)))) continue;
      this.#count += 1;
      if (this.#count > this.#limits.maxEntries) {
        this.truncated ??= `the folder has more than ${this.#limits.maxEntries} files and folders`;
        return [];
      }
      if (!item.isDirectory()) await this.#file(path, item);
      else if (await isRepository(join(this.#root, this.#base, path)))
        this.#add(path.slice(0, -1), "submodule", path);
      else below.push({ path, hasPatterns });
    }
    return below;
  }

  async #file(path: string, item: Dirent): Promise<void> {
    if (item.isSymbolicLink()) return this.#add(path, "symlink", path);
    if (!item.isFile()) return;
    const { ino, size, mtimeMs, mode } = await lstat(join(this.#root, this.#base, path));
    // Known by what changes when it is written, so that nothing is read that nobody asks for.
    const id = createHash("sha1")
      .update(JSON.stringify([path, ino, size, mtimeMs]))
      .digest("hex");
    this.#add(path, (mode & 0o100) === 0 ? "file" : "executable", id);
  }

  #add(path: string, type: TreeEntry["type"], id: string): void {
    const entry = { path, blob: id, type };
    this.files.set(id, { entry, file: join(this.#root, this.#base, path) });
  }

  async #isIgnored(path: string): Promise<boolean> {
    return await isIgnored({ fs, dir: this.#root, filepath: `${this.#base}${path}` });
  }
}

async function hasOwnPatterns(root: string): Promise<boolean> {
  const files = [join(root, ".gitignore"), join(root, ".git", "info", "exclude")];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.some((text) => /^[^#\s]/m.test(text));
}

/** Never through a symlink that came in between. */
async function readBounded(file: string, path: string, maxBytes: number): Promise<Uint8Array> {
  await using handle = await open(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  const { size } = await handle.stat();
  if (size > maxBytes)
    throw new SourceError("too-large", `${path} has ${size} bytes, more than ${maxBytes}`);
  return await handle.readFile();
}

const isFolder = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const isRepository = (folder: string): Promise<boolean> =>
  lstat(join(folder, ".git")).then(
    () => true,
    () => false,
  );
