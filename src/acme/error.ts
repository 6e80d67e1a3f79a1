/**
 * By what happens next. `unreachable`: try again soon (network, 5xx). `limited`: not before `retryAfterMs`. `unproven`: the
 * authority did not find our answer under the host; its DNS or a firewall is to be mended. `refused`: the same request will
 * never be taken. `late`: time ran out. `odd`: an answer that cannot be read.
 */
export type AcmeTrouble = "unreachable" | "limited" | "unproven" | "refused" | "late" | "odd";

/** No certificate, and why. Messages never hold keys; what they quote of others is one printable line. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";
  readonly trouble: AcmeTrouble;
  /** The host that it is about, where it is about one. */
  readonly host: string | undefined;
  readonly retryAfterMs: number | undefined;
  constructor(
    trouble: AcmeTrouble,
    message: string,
    options?: { readonly host?: string | undefined; readonly retryAfterMs?: number | undefined },
  ) {
    super(message);
    this.trouble = trouble;
    this.host = options?.host;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
