import { emptyMap, isNull, unknownAt, type Entry, type MapNode, type Node } from "./node.ts";

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

/** The same for layers that may be unknown: one above hides all, one below leaves open what the upper one lacks. */
export function mergeLayers(lower: Node, upper: Node, onIdleNull: OnIdleNull = ignore): Node {
  if (upper.kind !== "map") return unknownAt(lower.at);
  const known: MapNode = lower.kind === "map" ? lower : { ...emptyMap(lower.at), unsure: true };
  return mergeMaps(known, upper, onIdleNull);
}

/** A lowest layer: its nulls have nothing to unset. */
export const withoutNulls = (map: MapNode): MapNode =>
  merge({ ...map, entries: new Map() }, map, ignore, []);

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
      if (below === undefined && lower.unsure !== true) onIdleNull([...path, key], entry);
      entries.delete(key);
    } else if (entry.node.kind === "map") {
      const node = merge(under(below?.node, entry.node), entry.node, onIdleNull, [...path, key]);
      entries.set(key, { keyAt: entry.keyAt, node: { ...node, at: entry.node.at } });
    } else {
      entries.set(key, entry);
    }
  }
  const unsure = lower.unsure === true || upper.unsure === true;
  return { ...lower, entries, ...(unsure ? { unsure } : {}) };
}

/** What a map is laid over: a map, nothing, or something that might have been one. */
function under(below: Node | undefined, { at }: MapNode): MapNode {
  if (below?.kind === "map") return below;
  return below?.kind === "unknown" ? { ...emptyMap(at), unsure: true } : emptyMap(at);
}

/** The same map without some of its keys. */
export const without = (map: MapNode, ...keys: readonly string[]): MapNode => ({
  ...map,
  entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))),
});
