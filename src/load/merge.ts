import { isNull, type Entry, type MapNode } from "./node.ts";

/** Told of every null that had nothing below it to unset. */
export type OnIdleNull = (path: readonly string[], entry: Entry) => void;

const ignore: OnIdleNull = () => {};

/**
 * The one merge rule: maps merge by key, scalars and lists replace, null unsets. Each value keeps the place where it
 * was written, the result that of the lower layer; nulls are left out, also where nothing was unset.
 */
export const mergeMaps = (
  lower: MapNode,
  upper: MapNode,
  onIdleNull: OnIdleNull = ignore,
): MapNode => merge(lower, upper, onIdleNull, []);

/** A lowest layer: its nulls have nothing to unset. */
export const withoutNulls = (map: MapNode, onIdleNull: OnIdleNull = ignore): MapNode =>
  merge({ ...map, entries: new Map() }, map, onIdleNull, []);

function merge(
  lower: MapNode,
  upper: MapNode,
  onIdleNull: OnIdleNull,
  path: readonly string[],
): MapNode {
  const entries = new Map(lower.entries);
  for (const [key, entry] of upper.entries) {
    const below = entries.get(key);
    if (isNull(entry.node)) {
      if (below === undefined) onIdleNull([...path, key], entry);
      entries.delete(key);
    } else if (entry.node.kind === "map") {
      const under: MapNode =
        below?.node.kind === "map" ? below.node : { ...entry.node, entries: new Map() };
      const node = merge(under, entry.node, onIdleNull, [...path, key]);
      entries.set(key, { keyAt: entry.keyAt, node: { ...node, at: entry.node.at } });
    } else {
      entries.set(key, entry);
    }
  }
  return { ...lower, entries };
}

/** The same map without some of its keys. */
export const without = (map: MapNode, ...keys: readonly string[]): MapNode => ({
  ...map,
  entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))),
});
