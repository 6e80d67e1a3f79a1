import type { CommitInfo } from "../model/snapshot.ts";
import { CommitQueue } from "./git/commit-queue.ts";
import { SourceError } from "./source.ts";
import { depths, type Store } from "./store.ts";

/** Questions about ancestry, asked of what is at hand first: only where that cannot answer is more history fetched. */

const maxCommits = 100_000;
const skewMs = 7 * 24 * 3600 * 1000;
/** How many more known commits are looked at for clocks that went wrong, after all seems told. */
const slop = 64;

/** The history at hand ends before the answer. */
const endsTooEarly = Symbol("ends too early");
type Answer<T> = T | typeof endsTooEarly;

interface Question<T> {
  /** Commits that must be at hand. */
  readonly needs: readonly string[];
  /** Commits whose history is fetched further. */
  readonly roots: readonly string[];
  readonly ask: () => Promise<Answer<T>>;
}

/** Asks first of what is at hand (depth 0), then after each step. */
async function askAtDepths<T>(
  store: Store,
  steps: readonly number[],
  question: Question<T>,
): Promise<Answer<T>> {
  let answer: Answer<T> = endsTooEarly;
  for (const depth of steps) {
    if (depth > 0 && !store.canDeepen) break;
    if (depth > 0) await store.deepen(question.roots, depth);
    answer = await store.reading(question.needs, question.ask);
    if (answer !== endsTooEarly) break;
  }
  return answer;
}

const tooShort = (store: Store, revision: string): SourceError =>
  new SourceError(
    "missing",
    store.canDeepen
      ? `the history of ${revision} cannot be had in full from ${store.name}`
      : `${store.name} is a shallow clone and its history ends too early; run \`git fetch --unshallow\` there`,
  );

/** A commit's parents; `endsTooEarly` when it has some that are not at hand. */
async function parentsOf(store: Store, revision: string): Promise<Answer<readonly string[]>> {
  const { parents } = await store.objects.links(revision);
  for (const parent of parents) {
    if (!(await store.objects.hasCommit(parent))) return endsTooEarly;
  }
  return parents;
}

/**
 * Whether `ancestor` is `revision` or one of its ancestors. Commits a week older than `ancestor` are not looked behind:
 * with clocks that wrong the answer is no, which is the safe one.
 */
export async function descends(store: Store, ancestor: string, revision: string): Promise<boolean> {
  if (ancestor === revision) return true;
  const question = {
    needs: [revision],
    roots: [revision],
    ask: () => search(store, ancestor, revision),
  };
  const [little = 0, ...more] = depths;
  let answer = await askAtDepths(store, [0, little], question);
  if (answer === endsTooEarly && store.canDeepen) {
    await fetchIfThere(store, ancestor);
    answer = await askAtDepths(store, [0, ...more], question);
  }
  if (answer === endsTooEarly) throw tooShort(store, revision);
  return answer;
}

/** Its date tells how far back to look. */
async function fetchIfThere(store: Store, revision: string): Promise<void> {
  try {
    await store.reading([revision], () => Promise.resolve());
  } catch (error) {
    if (!(error instanceof SourceError && error.trouble === "missing")) throw error;
  }
}

async function search(store: Store, ancestor: string, revision: string): Promise<Answer<boolean>> {
  const { objects } = store;
  const oldest = (await objects.hasCommit(ancestor))
    ? (await objects.links(ancestor)).committedMs - skewMs
    : -Infinity;
  const queue = new CommitQueue();
  const seen = new Set<string>();
  const add = async (commit: string): Promise<void> => {
    if (seen.has(commit)) return;
    seen.add(commit);
    if (seen.size > maxCommits)
      throw new SourceError("too-large", `${store.name} has more than ${maxCommits} commits`);
    const { committedMs } = await objects.links(commit);
    if (committedMs >= oldest) queue.push({ revision: commit, committedMs });
  };
  await add(revision);
  let complete = true;
  while (queue.size > 0) {
    const commit = queue.pop();
    if (commit === undefined) break;
    const { parents } = await objects.links(commit);
    if (parents.includes(ancestor)) return true;
    const atHand = await parentsOf(store, commit);
    if (atHand === endsTooEarly) complete = false;
    else for (const parent of atHand) await add(parent);
  }
  return complete ? false : endsTooEarly;
}

/** Commits reachable from `to` and not from `from`, newest first, at most `limit`; without `from` only `to`. */
export async function between(
  store: Store,
  from: string | undefined,
  to: string,
  limit: number,
): Promise<readonly CommitInfo[]> {
  if (from === undefined) return [await store.reading([to], () => store.objects.commit(to))];
  if (from === to) return [];
  if (store.canDeepen) await atHand(store, from, to);
  const roots = [to, from];
  const ask = (): Promise<Answer<readonly string[]>> => onlyReachableFrom(store, from, to, limit);
  const found = await askAtDepths(store, [0, ...depths], { needs: roots, roots, ask });
  if (found === endsTooEarly) throw tooShort(store, to);
  return await store.reading([to], () =>
    Promise.all(found.map((revision) => store.objects.commit(revision))),
  );
}

/** A little more of `to`'s history costs less than all the files of `from` by themselves, and usually holds it. */
async function atHand(store: Store, from: string, to: string): Promise<void> {
  const [little] = depths;
  if (little !== undefined && !(await store.objects.hasCommit(from)))
    await store.deepen([to], little);
}

async function onlyReachableFrom(
  store: Store,
  from: string,
  to: string,
  limit: number,
): Promise<Answer<readonly string[]>> {
  const { objects } = store;
  const queue = new CommitQueue();
  /** Whether a commit is known to be reachable from `from`. */
  const known = new Map<string, boolean>();
  const wanted = new Set<string>();
  const found = new Set<string>();
  const add = async (commit: string, isKnown: boolean): Promise<void> => {
    const before = known.get(commit);
    if (before === isKnown || before === true) return;
    known.set(commit, isKnown);
    if (known.size > maxCommits)
      throw new SourceError("too-large", `${store.name} has more than ${maxCommits} commits`);
    if (isKnown) {
      wanted.delete(commit);
      found.delete(commit);
    } else wanted.add(commit);
    queue.push({ revision: commit, committedMs: (await objects.links(commit)).committedMs });
  };
  await add(from, true);
  await add(to, false);
  let newestCutMs = -Infinity;
  let after = 0;
  while (queue.size > 0 && found.size < limit && after < slop) {
    const commit = queue.pop();
    if (commit === undefined) break;
    const { committedMs } = await objects.links(commit);
    const isKnown = known.get(commit) === true;
    if (wanted.delete(commit)) found.add(commit);
    // Where `from`'s history is cut off, what is older may be part of it.
    if (!isKnown && committedMs < newestCutMs) return endsTooEarly;
    const parents = await parentsOf(store, commit);
    if (parents !== endsTooEarly) for (const parent of parents) await add(parent, isKnown);
    else if (isKnown) newestCutMs = Math.max(newestCutMs, committedMs);
    else return endsTooEarly;
    if (wanted.size === 0) after += 1;
  }
  return [...found];
}

/** The newest commits along first parents; fewer where the history ends. */
export async function firstParents(
  store: Store,
  head: string,
  limit: number,
): Promise<readonly CommitInfo[]> {
  const walk = async (): Promise<{ readonly commits: CommitInfo[]; readonly whole: boolean }> => {
    const commits: CommitInfo[] = [];
    let next: string | undefined = head;
    while (next !== undefined && commits.length < limit) {
      if (!(await store.objects.hasCommit(next))) return { commits, whole: false };
      const commit: CommitInfo = await store.objects.commit(next);
      commits.push(commit);
      next = commit.parents[0];
    }
    return { commits, whole: true };
  };
  let last = await store.reading([head], walk);
  for (const depth of store.canDeepen ? depths : []) {
    if (last.whole) break;
    if (depth < limit && depth !== depths.at(-1)) continue;
    await store.deepen([head], Math.min(depth, limit));
    last = await store.reading([head], walk);
  }
  return last.commits;
}
