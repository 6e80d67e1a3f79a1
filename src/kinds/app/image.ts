/** An image that must be present, by the digest its text resolved to. */
export interface ImageSpec {
  readonly app: string;
  readonly family: string;
  /** As declared: `registry.example.com/shop:1.4.2`. */
  readonly text: string;
  /** `name@sha256:…`, or `sha256:…` for an image that is only local. */
  readonly reference: string;
}
