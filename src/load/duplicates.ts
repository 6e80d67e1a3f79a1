import type { Where } from "../model/diagnostic.ts";
import type { Report } from "./findings.ts";
import { unknownAt, type Entry, type MapNode, type Node } from "./node.ts";

/** A key as it is written, or undefined where it is refused, and what stands under it. */
export interface Written {
  readonly key: string | undefined;
  readonly entry: Entry;
}

/**
 * A map of what is written. A key that stands there again is a finding, and it is unknown which of the two is meant;
 * but two maps are meant together, so that what each holds can be looked at.
 */
export function mapOf(at: Where, written: readonly Written[], report: Report): MapNode {
  const { entries, unsure } = grouped(written, ({ keyAt }, key, first) =>
    report("duplicate-key", keyAt, `'${key}' is already set in line ${first.keyAt.line}`),
  );
  return { kind: "map", at, entries, ...(unsure ? { unsure } : {}) };
}

type OnAgain = (entry: Entry, key: string, first: Entry) => void;

function grouped(
  written: readonly Written[],
  onAgain: OnAgain,
): { readonly entries: ReadonlyMap<string, Entry>; readonly unsure: boolean } {
  const groups = new Map<string, [Entry, ...Entry[]]>();
  for (const { key, entry } of written) {
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else {
      onAgain(entry, key, group[0]);
      group.push(entry);
    }
  }
  const entries = new Map([...groups].map(([key, group]) => [key, together(group)]));
  return { entries, unsure: written.some(({ key }) => key === undefined) };
}

function together([first, ...others]: readonly [Entry, ...Entry[]]): Entry {
  if (others.length === 0) return first;
  const nodes = [first, ...others].map(({ node }) => node);
  const maps = nodes.filter((node): node is MapNode => node.kind === "map");
  const node: Node =
    maps.length === nodes.length ? union(first.node.at, maps) : unknownAt(first.node.at);
  return { keyAt: first.keyAt, node };
}

function union(at: Where, maps: readonly MapNode[]): MapNode {
  const written = maps.flatMap((map) =>
    [...map.entries].map(([key, entry]): Written => ({ key, entry })),
  );
  const { entries } = grouped(written, () => undefined);
  const unsure = maps.some((map) => map.unsure === true);
  return { kind: "map", at, entries, ...(unsure ? { unsure } : {}) };
}
