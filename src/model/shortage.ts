/** What is declared on a machine and is more than it has. Nothing is held for it: limits may be shared, and sizes are guessed. */
export type Shortage = MemoryShortage | DiskShortage;

interface MemoryShortage {
  readonly machine: string;
  readonly of: "memory";
  /** Bytes, as well as `total`. */
  readonly declared: number;
  readonly total: number;
}

interface DiskShortage {
  readonly machine: string;
  readonly of: "disk";
  /** Bytes that the plan's changes take, as far as they are known, as well as `total`: what is free. */
  readonly declared: number;
  readonly total: number;
  /** `image registry.example.com/shop:2`, `swap`. */
  readonly for: readonly string[];
  /** Images of which nobody knows the size. */
  readonly unknown: readonly string[];
}
