/** A bridge of ours. */
export interface NetworkSpec {
  /** The engine's name: `slipway-acme`, or `slipway-acme-shop` for a family with services. */
  readonly network: string;
  readonly app?: string;
  readonly family?: string;
}
