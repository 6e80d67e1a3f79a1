import type { CommitInfo, Snapshot } from "../model/snapshot.ts";
import type { World } from "../pass/world.ts";
import { SourceError } from "../source/source.ts";

const mostCommits = 30;

/**
 * The newest commit of the branch that changed a document, or what an app ships from beside it. Undefined where that
 * is longer ago than is looked for.
 */
export async function lastChange(world: World, file: string): Promise<CommitInfo | undefined> {
  const isPart = partsOf(file);
  const commits = await world.source.recent(mostCommits);
  let after: { readonly commit: CommitInfo; readonly state: string } | undefined;
  for (const commit of commits) {
    const state = await stateAt(world, commit.revision, isPart);
    if (state === undefined) return undefined;
    if (after !== undefined && after.state !== state) return after.commit;
    after = { commit, state };
  }
  return commits.length < mostCommits ? after?.commit : undefined;
}

/** An app in a folder of its own is all of that folder; with its overlays in environments/. */
function partsOf(file: string): (path: string) => boolean {
  const [, own = file] = /^environments\/[^/]+\/(.*)$/.exec(file) ?? [];
  const folder = /^apps\/[^/]+\//.exec(own)?.[0];
  return (path) => {
    const [, inside = path] = /^environments\/[^/]+\/(.*)$/.exec(path) ?? [];
    return folder === undefined ? inside === own : inside.startsWith(folder);
  };
}

async function stateAt(
  world: World,
  revision: string,
  isPart: (path: string) => boolean,
): Promise<string | undefined> {
  const snapshot = await snapshotAt(world, revision);
  return snapshot?.entries
    .filter(({ path }) => isPart(path))
    .map(({ path, blob, type }) => `${path} ${blob} ${type}`)
    .join("\n");
}

async function snapshotAt(world: World, revision: string): Promise<Snapshot | undefined> {
  try {
    return await world.source.snapshot(revision);
  } catch (error) {
    if (error instanceof SourceError && error.trouble === "missing") return undefined;
    throw error;
  }
}
