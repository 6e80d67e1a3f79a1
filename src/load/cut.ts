import { listOf, unknownAt, type Entry, type MapNode, type Node } from "./node.ts";

/** What is to be cut out of a tree of nodes, by the places where it stands. */
export interface Cuts {
  /** Notes that what stands at a path is unknown. */
  unknown(path: readonly string[]): void;
  /** Takes a key away that stands at a path; it was perhaps meant to be another one of its map. */
  key(path: readonly string[], key: string): void;
  /** Notes that a key at a path is unknown if nothing stands there. */
  guess(path: readonly string[], key: string): void;
  /** Notes that any key at a path may be there after all. */
  unsure(path: readonly string[]): void;
  /** Takes items away that stand in their list already. */
  repeats(path: readonly string[], indexes: ReadonlySet<number>): void;
  /** The tree without all that. */
  from(root: Node): Node;
}

interface Cut {
  unknown: boolean;
  unsure: boolean;
  readonly keys: Set<string>;
  readonly guesses: Set<string>;
  repeats: ReadonlySet<number>;
  readonly below: Map<string, Cut>;
}

const emptyCut = (): Cut => ({
  unknown: false,
  unsure: false,
  keys: new Set(),
  guesses: new Set(),
  repeats: new Set(),
  below: new Map(),
});

/** Collects cuts, so that a tree is made anew once, however many there are. */
export function collectCuts(): Cuts {
  const top = emptyCut();
  const at = (path: readonly string[]): Cut => {
    let cut = top;
    for (const step of path) {
      const next = cut.below.get(step) ?? emptyCut();
      cut.below.set(step, next);
      cut = next;
    }
    return cut;
  };
  return {
    unknown: (path) => void (at(path).unknown = true),
    key: (path, key) => void at(path).keys.add(key),
    guess: (path, key) => void at(path).guesses.add(key),
    unsure: (path) => void (at(path).unsure = true),
    repeats: (path, indexes) => void (at(path).repeats = indexes),
    from: (root) => cutOut(root, top),
  };
}

function cutOut(node: Node, cut: Cut): Node {
  if (cut.unknown) return unknownAt(node.at);
  if (node.kind === "map") return cutMap(node, cut);
  if (node.kind !== "list") return node;
  const items = node.items.flatMap((item, i) => {
    const below = cut.below.get(String(i));
    return cut.repeats.has(i) ? [] : [below === undefined ? item : cutOut(item, below)];
  });
  const list = listOf(node.at, items);
  return node.unsure === true ? { ...list, unsure: true } : list;
}

function cutMap(node: MapNode, cut: Cut): MapNode {
  const kept = [...node.entries].filter(([key]) => !cut.keys.has(key));
  const entries = new Map(
    kept.map(([key, entry]): [string, Entry] => {
      const below = cut.below.get(key);
      return [key, below === undefined ? entry : { ...entry, node: cutOut(entry.node, below) }];
    }),
  );
  for (const key of cut.guesses) {
    if (!entries.has(key))
      entries.set(key, { keyAt: node.at, node: { ...unknownAt(node.at), guessed: true } });
  }
  const unsure = node.unsure === true || cut.unsure;
  return { ...node, entries, ...(unsure ? { unsure } : {}) };
}
