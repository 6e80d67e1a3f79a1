import type { Snapshot } from "../model/snapshot.ts";

export interface TreeChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What becomes of the files when `to` follows `from`. */
export function treeChanges(
  from: Pick<Snapshot, "entries">,
  to: Pick<Snapshot, "entries">,
): TreeChanges {
  const before = new Map(from.entries.map((e) => [e.path, `${e.type} ${e.blob}`]));
  const after = new Map(to.entries.map((e) => [e.path, `${e.type} ${e.blob}`]));
  const paths = [...after.keys()];
  return {
    added: paths.filter((path) => !before.has(path)),
    changed: paths.filter((path) => before.has(path) && before.get(path) !== after.get(path)),
    removed: [...before.keys()].filter((path) => !after.has(path)),
  };
}
