/** A named volume. Its data goes only by `Slipway-Allow: destroy`. */
export interface VolumeSpec {
  readonly app: string;
  readonly family: string;
  /** As declared: `data`. */
  readonly volume: string;
  /** The engine's name: `shop_data`, or exactly what `name:` says. */
  readonly engineName: string;
}
