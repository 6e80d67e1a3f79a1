/** Why something encrypted stays closed. */
export interface OpenFailure {
  /**
   * `not-a-recipient`: no identity of ours is among the recipients, as far as the file tells (age names no recipients, so a
   * damaged stanza looks the same); `unsupported`: SOPS made it in a way that is not read.
   */
  readonly reason: "not-a-recipient" | "damaged" | "too-large" | "unsupported";
  /** One line, without the file's name and without anything of the content. */
  readonly text: string;
}

export const failed = (
  reason: OpenFailure["reason"],
  text: string,
): { readonly failure: OpenFailure } => ({ failure: { reason, text } });

export const damaged = (why: string): { readonly failure: OpenFailure } =>
  failed("damaged", `it is damaged: ${why}`);
