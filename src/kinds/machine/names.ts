/** The names of the fleet: for containers a file written in place, for the machine a marked block of /etc/hosts. */
export interface NamesSpec {
  readonly fleet: string;
  /** Lines for containers, without the loopback lines. */
  readonly containerLines: readonly string[];
  /** Apps with `extraHosts` have a file of their own (`hosts.<app>`): these lines besides. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
  /** Lines for the machine itself. */
  readonly machineLines: readonly string[];
}
