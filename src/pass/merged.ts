import type { CommitInfo, Snapshot, TreeEntry } from "../model/snapshot.ts";
import { SourceError, type Source } from "../source/source.ts";

/** A commit's tree as it would stand on the branch, or why only a person can tell. */
export type Merged =
  | { readonly snapshot: Snapshot }
  /** Files that both sides changed since they parted. */
  | { readonly clashes: readonly string[] };

/** A branch that is further ahead is no pull request any more. */
const commitLimit = 500;

/**
 * What merging `head` into a branch at `base` would give, file by file: what one side changed since they parted is taken
 * from it. Where both changed the same file, it is as in the commit at `mergeRef`, if that merges just these two. Named
 * like `head`, since the merge itself is no commit of the branch yet. Throws SourceError.
 */
export async function mergedSnapshot(
  source: Source,
  base: string,
  head: string,
  mergeRef?: string,
): Promise<Merged> {
  const own = await source.snapshot(head);
  const ahead = await source.between(base, head, commitLimit);
  if (ahead.length === commitLimit)
    throw new SourceError("too-large", `it is ${commitLimit} commits or more ahead of the branch`);
  const fork = await forkOf(source, ahead, head);
  if (fork === base) return { snapshot: own };
  const onto = await source.snapshot(base);
  const before = fork === undefined ? [] : (await source.snapshot(fork)).entries;
  const { entries, clashes } = mergeEntries(before, onto.entries, own.entries);
  if (clashes.length > 0) {
    const snapshot = await mergedThere(source, new Set([base, head]), mergeRef);
    return snapshot === undefined ? { clashes } : { snapshot: { ...snapshot, revision: head } };
  }
  const truncated = own.truncated ?? onto.truncated;
  const ofOwn = new Set(own.entries.map((entry) => entry.blob));
  return {
    snapshot: {
      revision: head,
      entries,
      ...(truncated === undefined ? {} : { truncated }),
      read: async (blob, maxBytes) => await (ofOwn.has(blob) ? own : onto).read(blob, maxBytes),
    },
  };
}

/** Undefined where the repository has no such merge, or one of what they were before. */
async function mergedThere(
  source: Source,
  sides: ReadonlySet<string>,
  mergeRef: string | undefined,
): Promise<Snapshot | undefined> {
  if (mergeRef === undefined) return undefined;
  try {
    const merge = await source.resolve(mergeRef);
    const { parents } = await source.commit(merge);
    const isOfThese = parents.length === 2 && new Set(parents).isSubsetOf(sides);
    return isOfThese ? await source.snapshot(merge) : undefined;
  } catch (error) {
    if (error instanceof SourceError && error.trouble === "missing") return undefined;
    throw error;
  }
}

/** Where two branches parted; undefined where they never were one. */
async function forkOf(
  source: Source,
  ahead: readonly CommitInfo[],
  head: string,
): Promise<string | undefined> {
  if (ahead.length === 0) return head;
  const own = new Set(ahead.map((commit) => commit.revision));
  const shared = new Set(ahead.flatMap((c) => c.parents).filter((parent) => !own.has(parent)));
  let newest: string | undefined;
  // A branch that took the other one in has several; the last one taken in descends from those before.
  for (const one of shared)
    if (newest === undefined || (await source.descends(newest, one))) newest = one;
  for (const one of shared)
    if (newest !== undefined && !(await source.descends(one, newest)))
      throw new SourceError("unsupported", "it was merged with the branch crosswise");
  return newest;
}

/** What became of each file on two sides since `before`. Sorted by path. */
export function mergeEntries(
  before: readonly TreeEntry[],
  onto: readonly TreeEntry[],
  own: readonly TreeEntry[],
): { readonly entries: readonly TreeEntry[]; readonly clashes: readonly string[] } {
  const [was, there, here] = [byPath(before), byPath(onto), byPath(own)];
  const entries: TreeEntry[] = [];
  const clashes: string[] = [];
  for (const path of [...new Set([...there.keys(), ...here.keys()])].toSorted(byCode)) {
    const [a, b, o] = [there.get(path), here.get(path), was.get(path)];
    const result = isSame(a, b) || isSame(b, o) ? a : b;
    if (result === b && !isSame(a, b) && !isSame(a, o)) clashes.push(path);
    else if (result !== undefined) entries.push(result);
  }
  return { entries, clashes };
}

const byPath = (entries: readonly TreeEntry[]): ReadonlyMap<string, TreeEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));

const byCode = (a: string, b: string): number => (a < b ? -1 : 1);

const isSame = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean =>
  a?.blob === b?.blob && a?.type === b?.type;
