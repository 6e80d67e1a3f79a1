/** Where a machine may know when something of it was changed by hand: by a file's time, or by what its engine remembers. */
export type Trace =
  | { readonly of: "file"; readonly path: string }
  | { readonly of: "container"; readonly name: string };

/** A change that was made on the machine, and by nobody's commit. */
export interface HandChange {
  /** `/etc/motd changed`, `acme-shop-1-3f2a91c0 was stopped`. */
  readonly what: string;
  /** ISO 8601, by the machine's clock. */
  readonly at: string;
  /** Who was logged in at a terminal then, as far as the machine says; mostly that is who did it. */
  readonly users: readonly string[];
}
