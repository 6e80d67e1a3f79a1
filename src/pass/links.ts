import type { Documents } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Links } from "../plan/renames.ts";
import { SourceError } from "../source/source.ts";
import { loadRevision } from "./revision.ts";
import type { World } from "./world.ts";

/** How far back a rename that nobody has seen is looked for. */
const commitLimit = 100;

/**
 * Renames that happened between two passes, or while a machine was away: of an app that is `renamedFrom` one that no
 * machine has heard of, what that one was renamed from in the commits since. Newest first.
 */
export async function unknownLinks(
  world: World,
  { revision, families }: Documents,
  inventories: ReadonlyMap<string, Inventory>,
): Promise<Links> {
  const links = new Map<string, string>();
  const records = [...inventories.values()].flatMap((i) => Object.entries(i.apps));
  const heardOf = new Set(records.flatMap(([name, r]) => [name, ...(r.formerly ?? [])]));
  const open = new Set(
    [...families].flatMap(([family, { file }]) =>
      file.renamedFrom === undefined || heardOf.has(family) || heardOf.has(file.renamedFrom)
        ? []
        : file.renamedFrom,
    ),
  );
  const applied = new Set([...inventories.values()].flatMap((i) => i.revision ?? []));
  const seen = new Set([revision]);
  for (const from of open.size === 0 ? [] : applied) {
    for (const commit of await commitsSince(world, from, revision)) {
      if (open.size === 0) return links;
      if (seen.has(commit)) continue;
      seen.add(commit);
      const found = (await loadRevision(world, commit)).documents?.families;
      for (const name of open) {
        const before = found?.get(name)?.file.renamedFrom;
        if (before === undefined) continue;
        links.set(name, before);
        open.delete(name);
        if (!heardOf.has(before)) open.add(before);
      }
    }
  }
  return links;
}

async function commitsSince(world: World, from: string, to: string): Promise<readonly string[]> {
  try {
    return (await world.source.between(from, to, commitLimit)).map((c) => c.revision);
  } catch (error) {
    if (error instanceof SourceError && error.trouble === "missing") return [];
    throw error;
  }
}
