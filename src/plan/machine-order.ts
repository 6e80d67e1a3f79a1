import type { Address } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import type { Observation } from "../model/observation.ts";
import type { Held, UnknownLive } from "../model/plan.ts";
import { isOfMachine } from "./order.ts";

/** Machines by those that they are `after`. */
export type MachineOrder = ReadonlyMap<string, readonly string[]>;

export interface MachineOrderInput {
  readonly machineOrder?: MachineOrder;
  readonly observations: ReadonlyMap<string, Observation>;
}

/**
 * Marks what machines have to wait with: their own settings, while those of one that they are `after` are not seen to be as
 * declared.
 */
export function withoutMachinesWaiting(
  changes: readonly Change[],
  unknown: readonly UnknownLive[],
  held: readonly Held[],
  { machineOrder = new Map(), observations }: MachineOrderInput,
): readonly Change[] {
  if (machineOrder.size === 0) return changes;
  const silent = [...observations].flatMap(([machine, { facts }]) => (facts ? [] : machine));
  const open = new Set([
    ...changes.filter(isOfMachine).map(({ machine }) => machine),
    ...unknown.filter(({ address }) => isOwn(address)).map(({ machine }) => machine),
    ...held.filter(({ address }) => isOwn(address)).flatMap(({ machine }) => machine ?? []),
    ...silent,
  ]);
  const waits = new Map<string, string | undefined>();
  const waitsFor = (machine: string): string | undefined => {
    if (waits.has(machine)) return waits.get(machine);
    // Cycles are findings; this only keeps one from being endless.
    waits.set(machine, undefined);
    const before = (machineOrder.get(machine) ?? []).find(
      (other) => open.has(other) || waitsFor(other) !== undefined,
    );
    waits.set(machine, before);
    return before;
  };
  return changes.map((change) => {
    const before = isOfMachine(change) ? waitsFor(change.machine) : undefined;
    if (before === undefined || change.waits !== undefined) return change;
    const waiting = `machine/${before} is as declared`;
    const text = `${change.reason.text}; it waits until ${waiting}`;
    return { ...change, waits: waiting, reason: { ...change.reason, text } };
  });
}

/** `machine/web-1/users/ada` */
function isOwn(address: Address): boolean {
  const [, , kind = ""] = address.split("/");
  return isOfMachine({ kind: `machine/${kind}` });
}

/** After those that they are `after`, else in order of name. */
export function inMachineOrder<T>(
  things: readonly T[],
  machineOf: (thing: T) => string,
  machineOrder: MachineOrder = new Map(),
): readonly T[] {
  const placed = new Set<string>();
  const place = (machine: string, path: ReadonlySet<string>): void => {
    if (placed.has(machine) || path.has(machine)) return;
    for (const before of machineOrder.get(machine) ?? [])
      place(before, new Set([...path, machine]));
    placed.add(machine);
  };
  for (const machine of things.map(machineOf).toSorted()) place(machine, new Set());
  const rank = new Map([...placed].map((machine, index) => [machine, index]));
  return things.toSorted((a, b) => (rank.get(machineOf(a)) ?? 0) - (rank.get(machineOf(b)) ?? 0));
}
