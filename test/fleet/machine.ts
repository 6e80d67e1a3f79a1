import type { Network } from "./network.ts";
import { hasEnded, type Tied } from "./processes.ts";
import type { BareSort } from "./types.ts";
import { Hopeless } from "./wait.ts";

/** A machine as the fleet keeps it; `power` is there while it is on. */
export type Machine = {
  readonly name: string;
  readonly index: number;
  readonly dir: string;
  readonly network: Network;
  readonly address: string;
  readonly privateAddress: string;
  /** Another once it was installed anew. */
  hostKey: string;
  readonly disk: string | undefined;
  /** Of a machine that systemd boots from a tree of its own: what its root is laid over. */
  readonly bare: { sort: BareSort; layers: readonly string[] } | undefined;
  /** Lays its files out as they are before its first boot, and gives its host key. */
  readonly layOut: () => Promise<string>;
  /** It has the user deploy. */
  readonly deploys: boolean;
  power: { process: Tied; pid: number } | undefined;
  /** The last thing that was done to its power: one after the other. */
  turn: Promise<void>;
};

/** The pid of its init as the host sees it; throws where it is off. */
export function powered(machine: Machine): number {
  if (machine.power === undefined) throw new Hopeless(`${machine.name} is off`);
  if (hasEnded(machine.power.process)) throw new Hopeless(`${machine.name} has died`);
  return machine.power.pid;
}
