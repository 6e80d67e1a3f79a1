import { appAddress, covers, type Address } from "../model/address.ts";
import type { Inventory, Mark } from "../model/inventory.ts";
import type { CommitInfo } from "../model/snapshot.ts";
import { trailersOf, type Allow, type Trailers } from "../plan/allow.ts";
import { SourceError } from "../source/source.ts";
import { lastOutcome } from "./before.ts";
import type { Request, World } from "./world.ts";

/** What lies between the last applied revisions and this one. */
export interface Trail {
  readonly allows: readonly Allow[];
  /** Of machines: what commits ask to be tried again. */
  readonly retried: readonly Address[];
  /** The revisions that the machines had last, this one left out. */
  readonly applied: readonly string[];
  isRetried(family: string, mark: Mark): boolean;
  /** It was made before this pass. */
  isFormer(mark: Mark): boolean;
  /** What the commits since the last pass let through in spite of a freeze or a pause: `fleet`, `app/shop`. */
  readonly thaws: readonly Address[];
  /** The newest revision that a machine had last, be it this one; what was kept back then; undefined before the first. */
  readonly last?: { readonly revision: string; readonly stands: Readonly<Record<Address, string>> };
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
  const head = await world.source.between(undefined, revision, 1);
  const last = refusal === undefined ? await lastOf(world, inventories) : undefined;
  const { fleet: fleetAt = "", ...ownAt } = last?.stands ?? {};
  const since = new Map<string, readonly CommitInfo[]>();
  for (const from of refusal === undefined ? [...applied, fleetAt] : [])
    if (from !== "") since.set(from, await between(world, from, revision));
  const trailers = trailersOf(distinct([...head, ...[...since.values()].flat()]));
  const fresh = trailersOf(distinct([...head, ...(since.get(last?.revision ?? "") ?? [])]));
  const late = await lateTrailers(world, ownAt, revision);
  const retries = [...trailers.retries, ...late.retries];
  const retried = await retriedMarks(world, retries, inventories);
  const isFormer = (mark: Mark): boolean => mark.at < startedAt;
  return {
    allows: [...trailers.allows, ...late.allows],
    retried: trailers.retried,
    thaws: fresh.allows.flatMap(({ verb, address }) => (verb === "thaw" ? address : [])),
    ...(last === undefined ? {} : { last }),
    applied,
    isFormer,
    isRetried: (family, mark) =>
      isFormer(mark) &&
      (request.retry.includes(family) || retried.has(`${family} ${mark.revision}`)),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

const distinct = (commits: readonly CommitInfo[]): readonly CommitInfo[] => [
  ...new Map(commits.map((commit) => [commit.revision, commit])).values(),
];

/** Machines that had it at the same revision were told the same, or later that nothing is kept back any more. */
async function lastOf(
  world: World,
  inventories: ReadonlyMap<string, Inventory>,
): Promise<Trail["last"]> {
  const all = [...inventories.values()];
  let newest: string | undefined;
  for (const one of new Set(all.flatMap((i) => i.revision ?? [])))
    if (newest === undefined || (await descends(world, newest, one))) newest = one;
  if (newest === undefined) return undefined;
  const [first, ...others] = all.filter((i) => i.revision === newest).map((i) => i.stands ?? {});
  const stands = Object.entries(first ?? {}).filter(([key]) => others.every((o) => key in o));
  return { revision: newest, stands: Object.fromEntries(stands) };
}

/** What commits asked for while an app was kept where it was: it still stands, for that app alone. */
async function lateTrailers(
  world: World,
  stands: Readonly<Record<Address, string>>,
  revision: string,
): Promise<Pick<Trailers, "allows" | "retries">> {
  const allows: Allow[] = [];
  const retries: Trailers["retries"][number][] = [];
  for (const [address, from] of Object.entries(stands)) {
    if (from === "") continue;
    const found = trailersOf(await between(world, from, revision));
    allows.push(...found.allows.filter((a) => covers(address, a.address)));
    retries.push(...found.retries.filter(({ family }) => appAddress(family) === address));
  }
  return { allows, retries };
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
