import { shortRevision } from "../lib/text.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import { folderMode, type TreeItem } from "./git/format.ts";
import type { Objects } from "./git/objects.ts";
import { SourceError } from "./source.ts";
import type { Store } from "./store.ts";

export interface SnapshotLimits {
  readonly maxEntries: number;
  readonly maxDepth: number;
  readonly maxPathLength: number;
}

export const usualLimits: SnapshotLimits = {
  maxEntries: 20_000,
  maxDepth: 64,
  maxPathLength: 4096,
};

/** How many folders are read side by side. */
const side = 32;

const types: Readonly<Record<string, TreeEntry["type"]>> = {
  "100755": "executable",
  "120000": "symlink",
  "160000": "submodule",
};

/** Lists the tree of `revision` below `path` (`""`: all of it); files are read only when asked for. */
export function takeSnapshot(
  store: Store,
  revision: string,
  path: string,
  limits: SnapshotLimits = usualLimits,
): Promise<Snapshot> {
  return store.reading([revision], async () => {
    const root = await folderAt(store.objects, revision, path);
    const { entries, truncated } = await list(store.objects, root, limits);
    return {
      revision,
      entries,
      ...(truncated === undefined ? {} : { truncated }),
      read: (blob, maxBytes) => store.reading([revision], () => store.objects.blob(blob, maxBytes)),
    };
  });
}

/** The tree of a folder of the repo at one commit. */
export async function folderAt(objects: Objects, revision: string, path: string): Promise<string> {
  let { tree } = await objects.commit(revision);
  for (const name of segments(path)) {
    const item = (await objects.tree(tree)).find((each) => each.name === name);
    if (item?.mode !== folderMode) {
      throw new SourceError(
        "missing",
        `there is no folder ${path} in the repository at ${shortRevision(revision)}`,
      );
    }
    tree = item.oid;
  }
  return tree;
}

/** `./a//b/` → [a, b]; a path that leaves the repository is refused. */
export function segments(path: string): readonly string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..") || path.startsWith("/")) {
    throw new SourceError("unsupported", `${path} is not a folder inside the repository`);
  }
  return names;
}

/** Level by level, so that what is left out of a tree that is too large does not depend on chance. */
async function list(
  objects: Objects,
  root: string,
  limits: SnapshotLimits,
): Promise<{ readonly entries: readonly TreeEntry[]; readonly truncated?: string }> {
  const entries: TreeEntry[] = [];
  let level = [{ path: "", tree: root }];
  let count = 0;
  let truncated: string | undefined;
  for (let depth = 0; level.length > 0 && truncated === undefined; depth += 1) {
    const next: typeof level = [];
    for (let at = 0; at < level.length && truncated === undefined; at += side) {
      const folders = level.slice(at, at + side);
      const contents = await Promise.all(folders.map(({ tree }) => objects.tree(tree)));
      for (const [index, items] of contents.entries()) {
        count += items.length;
        if (count > limits.maxEntries) {
          truncated = `the repository has more than ${limits.maxEntries} files and folders`;
          break;
        }
        sort(items, folders[index]?.path ?? "", entries, next);
      }
    }
    if (depth >= limits.maxDepth && next.length > 0)
      truncated ??= `folders are nested more than ${limits.maxDepth} deep`;
    if (next.some(({ path }) => path.length > limits.maxPathLength)) {
      truncated ??= `a path is longer than ${limits.maxPathLength} characters`;
    }
    level = next;
  }
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { entries: sorted, ...(truncated === undefined ? {} : { truncated }) };
}

function sort(
  items: readonly TreeItem[],
  parent: string,
  entries: TreeEntry[],
  folders: { path: string; tree: string }[],
): void {
  for (const { name, mode, oid } of items) {
    // Only forged trees have such names; taken as they are they would pass for files of other folders.
    if (name === "" || name.includes("/"))
      throw new SourceError(
        "unsupported",
        `forged name in tree ${parent}: ${JSON.stringify(name)}`,
      );
    const path = `${parent}${name}`;
    if (mode === folderMode) folders.push({ path: `${path}/`, tree: oid });
    else entries.push({ path, blob: oid, type: types[mode] ?? "file" });
  }
}
