/** What is declared on a machine and is more than it has. Nothing is held for it: limits may be shared. */
export interface Shortage {
  readonly machine: string;
  readonly of: "memory";
  /** Bytes, as well as `total`. */
  readonly declared: number;
  readonly total: number;
}
