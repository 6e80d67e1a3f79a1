/** What became of one value, as --json tells it. */
export interface SecretChange {
  /** As references say it: `shop.DB_PASSWORD`, `tls/shop.key.age`. */
  readonly name: string;
  /** From the infra repo's folder. */
  readonly file: string;
  readonly change: "added" | "replaced" | "removed" | "re-encrypted";
}
