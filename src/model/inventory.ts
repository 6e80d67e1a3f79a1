/** The record on each machine of what Slipway owns there: `/var/lib/slipway/<fleet>/inventory.json`. */
export interface Inventory {
  readonly version: 1;
  readonly fleet: string;
  readonly machine: string;
  /** Raised by each holder of the lock; a batch of steps runs only under its holder's epoch. */
  readonly epoch: number;
  /** The last revision that was applied or held here. */
  readonly revision?: string;
  /** Machine names once used by this host key. */
  readonly apps: Readonly<Record<string, AppRecord>>;
  /** Addresses of what is owned and carries no label: files, names. */
  readonly owned: readonly string[];
  /** Volumes whose declaration has gone, and the revision that removed it. */
  readonly kept: Readonly<Record<string, string>>;
}

/** Per app file. Lists are bounded by who writes them. */
export interface AppRecord {
  readonly good?: Mark;
  readonly failed?: Mark;
  /** Image text → digest it resolved to first (name@sha256:… or an image id), newest last. */
  readonly images: Readonly<Record<string, string>>;
  /** Releases that ended well: digest over image digest and command. */
  readonly releases: readonly string[];
  /** The name whose containers and volumes were taken over. */
  readonly formerly?: string;
}

export interface Mark {
  readonly revision: string;
  /** Keyed with the machine's key; the set of machines and the count are not in it. */
  readonly inputDigest: string;
  readonly imageDigest: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
}

export const emptyInventory = (fleet: string, machine: string): Inventory => ({
  version: 1,
  fleet,
  machine,
  epoch: 0,
  apps: {},
  owned: [],
  kept: {},
});

export const emptyRecord: AppRecord = { images: {}, releases: [] };
