import type { Locator } from "../model/documents.ts";
import { locatorOf, nodeAt, unknownAt, type Node, type Path } from "./node.ts";
import { plainOf } from "./plain.ts";
import type { TextPaths } from "./schemas.ts";

/**
 * A document as far as it could be read. Unknown is not absent: what could not be read stands in no field, but it is
 * not lacking either, so that one mistake does not look like others.
 */
export interface Reading<Fields> {
  readonly fields: Fields;
  readonly at: Locator;
  /** Whether there surely is nothing at a path. */
  readonly lacks: (path: Path) => boolean;
  /** Whether all that is written at a path could be read, be it nothing. */
  readonly knows: (path: Path) => boolean;
  /** The keys of the map at a path, also those whose values could not be read. */
  readonly keys: (path: Path) => readonly string[];
}

/** Reads a tree of nodes that was checked: what is not unknown in it is as its schema says. */
export const readingOf = <Fields extends object>(
  root: Node,
  texts: TextPaths,
): Reading<Fields> => ({
  fields: (root.kind === "map" ? plainOf(root, texts) : {}) as Fields,
  at: locatorOf(root),
  lacks: (path) => lacks(root, path),
  knows: (path) => knows(root, path),
  keys: (path) => keysAt(root, path),
});

/** Something of which nothing could be read. */
export const unread = <Fields extends object>(
  at: Parameters<typeof unknownAt>[0],
  texts: TextPaths,
): Reading<Fields> => readingOf<Fields>(unknownAt(at), texts);

export function lacks(root: Node, path: Path): boolean {
  let node = root;
  for (const step of path) {
    if (node.kind === "unknown") return false;
    if (node.kind === "scalar") return true;
    const next: Node | undefined = nodeAt(node, [step]);
    if (next === undefined) return node.unsure !== true;
    node = next;
  }
  return false;
}

function knows(root: Node, path: Path): boolean {
  let node: Node | undefined = root;
  for (const step of path) {
    if (node.kind === "unknown") return false;
    node = nodeAt(node, [step]);
    if (node === undefined) return true;
  }
  return isWhole(node);
}

/** Whether nothing in it is unknown. */
export function isWhole(node: Node): boolean {
  switch (node.kind) {
    case "scalar":
      return true;
    case "unknown":
      return false;
    case "list":
      return node.unsure !== true && node.items.every(isWhole);
    case "map":
      return node.unsure !== true && node.entries.values().every((entry) => isWhole(entry.node));
  }
}

function keysAt(root: Node, path: Path): readonly string[] {
  const node = nodeAt(root, path);
  if (node?.kind !== "map") return [];
  return [...node.entries].flatMap(([key, { node: value }]) =>
    value.kind === "unknown" && value.guessed === true ? [] : [key],
  );
}
