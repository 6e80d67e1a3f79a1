import type { Where } from "../../model/diagnostic.ts";
import type { Taken } from "./taken.ts";

/** Two places that ask for one port, and the machines on which both do. */
export interface Clash {
  readonly first: Taken;
  readonly second: Taken;
  readonly port: number;
  readonly machines: string[];
}

/** More clashes than this are not looked for: the repo is refused, and nobody reads on. */
const clashLimit = 20_000;

export function clashesOf(taken: ReadonlyMap<string, readonly Taken[]>): readonly Clash[] {
  const clashes = new Map<Where, Map<Where, Clash>>();
  let found = 0;
  for (const [machine, all] of taken) {
    for (const [one, other] of overlapsOf(all)) {
      if (++found > clashLimit) return listOf(clashes);
      const [first, second] = inOrder(one, other);
      const known = clashes.get(second.where) ?? new Map<Where, Clash>();
      clashes.set(second.where, known);
      const clash = known.get(first.where);
      const port = Math.max(first.publish.host[0], second.publish.host[0]);
      if (clash === undefined) known.set(first.where, { first, second, port, machines: [machine] });
      else if (clash.machines.at(-1) !== machine) clash.machines.push(machine);
    }
  }
  return listOf(clashes);
}

const listOf = (clashes: ReadonlyMap<Where, ReadonlyMap<Where, Clash>>): readonly Clash[] =>
  [...clashes.values()].flatMap((of) => [...of.values()]);

/** Routes have their ports whatever else there is; a number for the fleet is the easiest to change. */
const inTurn: readonly Taken["by"][] = ["routes", "app", "listen"];

const inOrder = (a: Taken, b: Taken): readonly [Taken, Taken] => {
  const [one, other] = [a, b].map(({ by }) => inTurn.indexOf(by));
  if (one !== other) return (one ?? 0) < (other ?? 0) ? [a, b] : [b, a];
  const before = a.app < b.app || (a.app === b.app && a.where.line <= b.where.line);
  return before ? [a, b] : [b, a];
};

/** All pairs of one machine that cannot both be; no pair is looked at that can. */
function* overlapsOf(all: readonly Taken[]): Generator<readonly [Taken, Taken]> {
  const sorted = all.toSorted((a, b) => a.publish.host[0] - b.publish.host[0]);
  for (const group of Map.groupBy(sorted, ({ publish }) => publish.protocol).values()) {
    const wide = group.filter(bindsAll);
    yield* pairsOf(wide, wide);
    const narrow = group.filter((taken) => !bindsAll(taken));
    yield* pairsOf(narrow, wide);
    yield* pairsOf(wide, narrow);
    const byAddress = new Map<string, Taken[]>();
    for (const one of narrow) {
      for (const address of one.addresses) {
        const same = byAddress.get(address);
        if (same === undefined) byAddress.set(address, [one]);
        else same.push(one);
      }
    }
    for (const same of byAddress.values()) yield* pairsOf(same, same);
  }
}

const bindsAll = ({ addresses }: Taken): boolean => addresses.includes("*");

/** Those of which one starts within the other, both lists being sorted by where they start. */
function* pairsOf(
  ones: readonly Taken[],
  others: readonly Taken[],
): Generator<readonly [Taken, Taken]> {
  let from = 0;
  for (const [i, one] of ones.entries()) {
    const [start, end] = one.publish.host;
    if (ones === others) from = i + 1;
    else while (from < others.length && startOf(others[from]) < start) from++;
    for (let j = from; j < others.length && startOf(others[j]) <= end; j++) {
      const other = others[j];
      if (other !== undefined) yield [one, other];
    }
  }
}

const startOf = (taken: Taken | undefined): number => taken?.publish.host[0] ?? 0;
