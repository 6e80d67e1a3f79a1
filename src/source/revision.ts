import { shortRevision } from "../lib/text.ts";
import { isRefName } from "./git/refs.ts";
import { SourceError } from "./source.ts";
import { depths, type Store } from "./store.ts";

const maxSteps = 10_000;

/** The full commit id of what people write: `HEAD~2`, `main^`, `v1.2`, `1a2b3c4`. */
export async function resolveRevision(store: Store, text: string): Promise<string> {
  const parts = /^(.*?)((?:[~^]\d*|\^\{(?:commit)?\})*)$/.exec(text.trim());
  const base = await resolveBase(store, parts?.[1] ?? "", text);
  let commit = base;
  for (const step of (parts?.[2] ?? "").match(/\^\{(?:commit)?\}|[~^]\d*/g) ?? []) {
    if (!step.startsWith("^{")) commit = await follow(store, commit, step, text);
  }
  return commit === base ? commit : await existing(store, commit);
}

async function follow(store: Store, commit: string, step: string, text: string): Promise<string> {
  const count = step.length === 1 ? 1 : Number(step.slice(1));
  if (step.startsWith("^"))
    return count === 0 ? commit : await parent(store, commit, count - 1, text);
  if (count > maxSteps) throw new SourceError("missing", `${text} is too far back`);
  let current = commit;
  for (let done = 0; done < count; done += 1) current = await parent(store, current, 0, text);
  return current;
}

async function parent(store: Store, commit: string, index: number, text: string): Promise<string> {
  const { parents } = await store.reading([commit], () => store.objects.links(commit));
  const wanted = parents[index];
  if (wanted === undefined)
    throw new SourceError("missing", `${text}: ${shortRevision(commit)} has no such parent`);
  if (store.canDeepen) {
    // Step by step, rather than each commit by itself with all its files.
    for (const depth of depths) {
      if (await store.objects.hasCommit(wanted)) break;
      await store.deepen([commit], depth);
    }
  }
  return wanted;
}

async function resolveBase(store: Store, name: string, text: string): Promise<string> {
  if (/^[0-9a-f]{40}$/i.test(name)) return await existing(store, name.toLowerCase());
  const ref = await resolveRefName(store, name === "@" ? "HEAD" : name);
  if (ref !== undefined) return ref;
  if (/^[0-9a-f]{4,39}$/i.test(name)) return await resolvePrefix(store, name.toLowerCase());
  throw new SourceError("missing", `there is no revision ${JSON.stringify(text)} in ${store.name}`);
}

const existing = (store: Store, commit: string): Promise<string> =>
  store.reading([commit], () => Promise.resolve(commit));

/** In git's order: as written, then as a tag, a branch, a remote branch. */
async function resolveRefName(store: Store, name: string): Promise<string | undefined> {
  if (!isRefName(name)) return undefined;
  const names = [
    ...(name === "HEAD" || name.startsWith("refs/") ? [name] : []),
    `refs/tags/${name}`,
    `refs/heads/${name}`,
    `refs/remotes/${name}`,
  ];
  const refs = await store.refs(names);
  const oid = names.map((each) => refs.get(each)).find((each) => each !== undefined);
  if (oid === undefined) return undefined;
  return await existing(store, oid);
}

async function resolvePrefix(store: Store, prefix: string): Promise<string> {
  for (const depth of [0, ...(store.canDeepen ? depths : [])]) {
    if (depth > 0) await store.deepen([await store.head()], depth);
    const found = await store.reading([], () => store.objects.expand(prefix));
    if (found.length > 1)
      throw new SourceError("missing", `${prefix} is ambiguous: ${found.slice(0, 5).join(", ")}`);
    if (found[0] !== undefined) return found[0];
  }
  throw new SourceError("missing", `there is no commit ${prefix}… in ${store.name}`);
}
