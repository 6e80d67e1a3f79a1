import type { Where } from "../model/diagnostic.ts";
import type { Locator } from "../model/documents.ts";

/** A value of a YAML file, and where it was written. Never changed once made: files are parsed once and shared. */
export type Node = MapNode | ListNode | ScalarNode | UnknownNode;

export interface MapNode {
  readonly kind: "map";
  readonly at: Where;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Something in it could not be read, and may be any key that it seems to lack. */
  readonly unsure?: true;
}

export interface Entry {
  readonly keyAt: Where;
  readonly node: Node;
}

export interface ListNode {
  readonly kind: "list";
  readonly at: Where;
  readonly items: readonly Node[];
  /** Items that could not be read were left out. */
  readonly unsure?: true;
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly at: Where;
  readonly value: string | number | boolean | null;
  /** As it was written, without quotes: `1.10`, `0400`. */
  readonly source: string;
}

/** Something that cannot be read, as a finding says. It is neither absent nor anything in particular. */
export interface UnknownNode {
  readonly kind: "unknown";
  readonly at: Where;
  /** Nothing is written under this key: another one was probably meant to be it. */
  readonly guessed?: true;
}

export type Path = readonly (string | number)[];

export const startOf = (file: string): Where => ({ file, line: 1, col: 1 });

export const emptyMap = (at: Where): MapNode => ({ kind: "map", at, entries: new Map() });

export const unknownAt = (at: Where): UnknownNode => ({ kind: "unknown", at });

/** A list of what could be read: items have their places by index, so what is unknown among them is left out. */
export function listOf(at: Where, items: readonly Node[]): ListNode {
  const read = items.filter((item) => item.kind !== "unknown");
  return { kind: "list", at, items: read, ...(read.length < items.length ? { unsure: true } : {}) };
}

export const isNull = (node: Node): boolean => node.kind === "scalar" && node.value === null;

/** The node at a path, if there is one. */
export function nodeAt(root: Node, path: Path): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path) {
    if (node?.kind === "map") node = node.entries.get(String(step))?.node;
    else if (node?.kind === "list") node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

export const mapAt = (root: Node, path: Path): MapNode | undefined => {
  const node = nodeAt(root, path);
  return node?.kind === "map" ? node : undefined;
};

/**
 * Where the value at a path was written: a scalar or list item itself, the key of a map or list, and for what was not
 * written the nearest key above it.
 */
export function whereOf(root: Node, path: Path): Where {
  let node: Node = root;
  let where = root.at;
  for (const step of path) {
    if (node.kind === "map") {
      const entry = node.entries.get(String(step));
      if (entry === undefined) return where;
      node = entry.node;
      where = node.kind === "scalar" ? node.at : entry.keyAt;
    } else if (node.kind === "list") {
      const item: Node | undefined = node.items[Number(step)];
      if (item === undefined) return where;
      node = item;
      where = item.at;
    } else {
      return where;
    }
  }
  return where;
}

/** Where the last key of a path was written, or the nearest key above it. */
export function keyWhereOf(root: Node, path: Path): Where {
  const parent = mapAt(root, path.slice(0, -1));
  return parent?.entries.get(String(path.at(-1)))?.keyAt ?? whereOf(root, path);
}

export const locatorOf =
  (root: Node): Locator =>
  (path) =>
    whereOf(root, path);
