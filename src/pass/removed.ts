import type { Documents } from "../model/documents.ts";
import type { Target } from "../remote/session.ts";
import { SourceError } from "../source/source.ts";
import { loadRevision } from "./revision.ts";
import { targetsOf } from "./targets.ts";
import type { Trail } from "./trail.ts";
import type { World } from "./world.ts";

/**
 * Machines that HEAD no longer has and that a commit says to empty (`Slipway-Allow: delete machine/M`): reached as the
 * revision before had them. Without that trailer a removed machine is forgotten, not emptied.
 */
export async function machinesToEmpty(
  world: World,
  documents: Documents,
  trail: Trail,
): Promise<ReadonlyMap<string, Target>> {
  const names = trail.allows
    .filter((a) => a.verb === "delete")
    .flatMap((a) => /^machine\/([^/]+)$/.exec(a.address)?.[1] ?? [])
    .filter((name) => !documents.machines.has(name));
  if (names.length === 0) return new Map();
  const { parents } = await world.source.commit(documents.revision);
  const targets = new Map<string, Target>();
  for (const revision of new Set([...trail.applied, ...parents])) {
    const former = await documentsAt(world, revision);
    for (const [name, target] of former === undefined ? [] : targetsOf(former)) {
      if (names.includes(name) && !targets.has(name)) targets.set(name, target);
    }
  }
  return targets;
}

async function documentsAt(world: World, revision: string): Promise<Documents | undefined> {
  try {
    return (await loadRevision(world, revision)).documents;
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
