/** One cycle through each knot of a graph, in order of name; edges to unknown nodes are ignored. */
export function cyclesOf(
  edges: ReadonlyMap<string, readonly string[]>,
): readonly (readonly string[])[] {
  const left = new Map([...edges].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const cycles: (readonly string[])[] = [];
  dropLoose(left);
  while (left.size > 0) {
    const cycle = walk(left);
    cycles.push(cycle);
    for (const node of cycle) left.delete(node);
    dropLoose(left);
  }
  return cycles;
}

/** Drops, again and again, what points at nothing that is left: it is in no cycle. */
function dropLoose(left: Map<string, readonly string[]>): void {
  const pointedAtBy = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const [node, targets] of left) {
    const real = targets.filter((target) => left.has(target));
    open.set(node, real.length);
    for (const target of real) pointedAtBy.set(target, [...(pointedAtBy.get(target) ?? []), node]);
  }
  const loose = [...open].filter(([, count]) => count === 0).map(([node]) => node);
  for (let node = loose.pop(); node !== undefined; node = loose.pop()) {
    left.delete(node);
    for (const from of pointedAtBy.get(node) ?? []) {
      const count = (open.get(from) ?? 0) - 1;
      open.set(from, count);
      if (count === 0) loose.push(from);
    }
  }
}

/** Everything that is left points at something that is left: walking on must come around. */
function walk(left: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const path: string[] = [];
  const seen = new Map<string, number>();
  let node = left.keys().next().value ?? "";
  while (!seen.has(node)) {
    seen.set(node, path.length);
    path.push(node);
    node = left.get(node)?.find((target) => left.has(target)) ?? "";
  }
  return path.slice(seen.get(node));
}
