import { familyDeclared } from "../desired/effective.ts";
import type { Documents } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import type { AppOutcome } from "../model/outcome.ts";
import { lastOutcome } from "./before.ts";
import type { World } from "./world.ts";

/** So far back a revert is known as one. */
const commitLimit = 30;

export type Meanings = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * What image texts meant in the revision that a family goes back to: where its documents are other than in the last
 * applied one, and the same as in one before that. Only asked of families of which a text may mean something else by now.
 */
export async function meaningsThen(
  world: World,
  documents: Documents,
  inventories: ReadonlyMap<string, Inventory>,
): Promise<Meanings> {
  const families = ambiguousFamilies(documents, inventories);
  if (families.length === 0) return new Map();
  const former: (readonly AppOutcome[])[] = [];
  for (const { revision } of await world.source.recent(commitLimit)) {
    if (revision === documents.revision) continue;
    former.push((await lastOutcome(world, documents.fleet, revision))?.apps ?? []);
  }
  const meanings = new Map<string, Readonly<Record<string, string>>>();
  for (const family of families) {
    const declared = familyDeclared(documents, family);
    const applied = former
      .flat()
      .filter((app) => app.family === family && app.outcome === "applied" && app.declared);
    if (applied[0]?.declared === declared) continue;
    const then = applied.find((app) => app.declared === declared)?.images;
    if (then !== undefined) meanings.set(family, then);
  }
  return meanings;
}

const ambiguousFamilies = (
  documents: Documents,
  inventories: ReadonlyMap<string, Inventory>,
): readonly string[] => {
  const pulling = [...documents.apps.values()].filter((app) => app.fields.pull === "always");
  const moved = [...inventories.values()].flatMap(({ apps }) =>
    Object.entries(apps).flatMap(([family, { moved }]) => (moved === true ? [family] : [])),
  );
  const declared = new Set([...documents.apps.values()].map((app) => app.family));
  const all = new Set([...pulling.map((app) => app.family), ...moved]);
  return [...all].filter((family) => declared.has(family));
};
