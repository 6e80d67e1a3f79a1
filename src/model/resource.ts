import type { AddressPool } from "../lib/subnet.ts";
import type { Address } from "./address.ts";
import type { Where } from "./diagnostic.ts";

/** One declared thing on one machine, compiled from the documents. */
export interface Resource {
  readonly address: Address;
  readonly kind: string;
  readonly machine: string;
  readonly app?: string;
  readonly family?: string;
  readonly name: string;
  /** The kind's own Spec. */
  readonly spec: unknown;
  readonly where?: Where;
  /** Where a field of it was written; of one that was not, the nearest above. */
  readonly at?: (path: readonly string[]) => Where;
}

/** What the controller knows of a machine before its kinds are planned. */
export interface Facts {
  readonly machine: string;
  readonly fleet: string;
  /** `/var/lib/slipway/<fleet>` */
  readonly root: string;
  /** The machine's own key for fingerprints; absent until the machine was first taken under a lock. */
  readonly key?: string;
  readonly os: string;
  readonly kernel: string;
  readonly arch: string;
  readonly bootId: string;
  readonly machineId: string;
  /** The machine's clock, milliseconds since 1970. */
  readonly clockMs: number;
  readonly uptimeSeconds: number;
  readonly load1: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly diskTotalBytes: number;
  readonly diskAvailableBytes: number;
  /** Of that disk; absent where it counts none, or the machine does not tell. */
  readonly inodesTotal?: number;
  readonly inodesAvailable?: number;
  /** Absent: not known. */
  readonly isRebootNeeded?: boolean;
  /** Where the engine keeps its data; the disk is the one that this folder is on. */
  readonly engineFolder: string;
  /** IPv4 networks that it reaches without the default route, as CIDR. */
  readonly routes: readonly string[];
  readonly engineVersion?: string;
  /** What its engine was told to cut networks from; empty: nothing. Absent: the engine did not answer. */
  readonly addressPools?: readonly AddressPool[];
}
