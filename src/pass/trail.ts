import type { Inventory, Mark } from "../model/inventory.ts";
import { trailersOf, type Allow } from "../plan/allow.ts";
import { SourceError } from "../source/source.ts";
import { lastOutcome } from "./before.ts";
import type { Request, World } from "./world.ts";

/** What lies between the last applied revisions and this one. */
export interface Trail {
  readonly allows: readonly Allow[];
  /** The revisions that the machines had last, this one left out. */
  readonly applied: readonly string[];
  isRetried(family: string, mark: Mark): boolean;
  /** It was made before this pass. */
  isFormer(mark: Mark): boolean;
  /** Why this revision must not follow the last one applied. */
  readonly refusal?: string;
}

const commitLimit = 500;
const recentLimit = 30;

export async function readTrail(
  world: World,
  request: Request,
  revision: string,
  inventories: ReadonlyMap<string, Inventory>,
  startedAt: string,
): Promise<Trail> {
  const applied = [...new Set([...inventories.values()].flatMap((i) => i.revision ?? []))].filter(
    (r) => r !== revision,
  );
  const refusal = world.allowRewind ? undefined : await refuse(world, applied, revision);
  const commits = new Map(
    (await world.source.between(undefined, revision, 1)).map((c) => [c.revision, c]),
  );
  for (const from of refusal === undefined ? applied : []) {
    for (const commit of await between(world, from, revision)) commits.set(commit.revision, commit);
  }
  const trailers = trailersOf([...commits.values()]);
  const retried = await retriedMarks(world, trailers.retries, inventories);
  const isFormer = (mark: Mark): boolean => mark.at < startedAt;
  return {
    allows: trailers.allows,
    applied,
    isFormer,
    isRetried: (family, mark) =>
      isFormer(mark) &&
      (request.retry.includes(family) || retried.has(`${family} ${mark.revision}`)),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

async function refuse(
  world: World,
  applied: readonly string[],
  revision: string,
): Promise<string | undefined> {
  for (const last of applied) {
    if (!(await descends(world, last, revision))) {
      return `${revision.slice(0, 8)} does not descend from ${last.slice(0, 8)}, the last one applied`;
    }
  }
  return undefined;
}

/** A commit that the repository no longer has is no ancestor of anything in it. */
async function descends(world: World, ancestor: string, revision: string): Promise<boolean> {
  try {
    return await world.source.descends(ancestor, revision);
  } catch (error) {
    if (error instanceof SourceError && error.trouble === "missing") return false;
    throw error;
  }
}

async function between(
  world: World,
  from: string,
  to: string,
): ReturnType<World["source"]["between"]> {
  try {
    return await world.source.between(from, to, commitLimit);
  } catch (error) {
    if (error instanceof SourceError && error.trouble === "missing") return [];
    throw error;
  }
}

/** A trailer asks for another try only of what had failed before its commit. */
async function retriedMarks(
  world: World,
  retries: readonly { readonly family: string; readonly revision: string }[],
  inventories: ReadonlyMap<string, Inventory>,
): Promise<ReadonlySet<string>> {
  const retried = new Set<string>();
  for (const { family, revision } of retries) {
    for (const inventory of inventories.values()) {
      const failed = inventory.apps[family]?.failed;
      if (failed === undefined || failed.revision === revision) continue;
      if (await descends(world, failed.revision, revision))
        retried.add(`${family} ${failed.revision}`);
    }
  }
  return retried;
}

/** Whether a tree was applied before, by the ledger: putting it back needs nobody's leave. */
export async function wasApplied(
  world: World,
  fleet: string,
  tree: string,
  revision: string,
): Promise<boolean> {
  for (const commit of await world.source.recent(recentLimit)) {
    if (commit.revision === revision) continue;
    const outcome = await lastOutcome(world, fleet, commit.revision);
    if (outcome?.tree === tree && outcome.outcome === "applied") return true;
  }
  return false;
}
