import { shortRevision } from "../lib/text.ts";
import { folderMode, formatCommit, formatTree, type TreeItem } from "./git/format.ts";
import { slipwayIdentity } from "./git/notes-tree.ts";
import { branchName } from "./git/refs.ts";
import type { Objects } from "./git/objects.ts";
import { folderAt, segments } from "./snapshot.ts";
import { type Rollback, SourceError } from "./source.ts";
import type { Store } from "./store.ts";

/** Commits the tree of `to` (with a path only that folder's) on the branch's head; the head itself where nothing differs. */
export async function rollback(store: Store, path: string, options: Rollback): Promise<string> {
  const branch = branchName(options.branch);
  await store.beforePublish();
  const head = await store.head();
  const { to, expectedHead, message, author = slipwayIdentity } = options;
  if (expectedHead !== undefined && expectedHead !== head) {
    throw new SourceError(
      "moved",
      `${store.branch} is at ${shortRevision(head)} by now, not at ${shortRevision(expectedHead)}`,
    );
  }
  const { objects } = store;
  return await store.reading([head, to], async () => {
    const now = (await objects.commit(head)).tree;
    const tree = await withFolder(objects, now, segments(path), await folderAt(objects, to, path));
    if (tree === now) return head;
    const content = { tree, parents: [head], message, author, committer: author, atMs: Date.now() };
    const commit = await objects.write("commit", formatCommit(content));
    await store.publish(commit, head, branch);
    return commit;
  });
}

/** The tree with one folder of it replaced; everything else in it stays byte for byte. */
async function withFolder(
  objects: Objects,
  tree: string | undefined,
  path: readonly string[],
  folder: string,
): Promise<string> {
  const [first, ...rest] = path;
  if (first === undefined) return folder;
  const name = Buffer.from(first).toString("latin1");
  const items = tree === undefined ? [] : await objects.rawTree(tree);
  const before = items.find((item) => item.name === name);
  const inside = before?.mode === folderMode ? before.oid : undefined;
  const after: TreeItem = {
    mode: folderMode,
    name,
    oid: await withFolder(objects, inside, rest, folder),
  };
  if (inside === after.oid) return tree ?? "";
  return await objects.write(
    "tree",
    formatTree([...items.filter((item) => item !== before), after], "latin1"),
  );
}
