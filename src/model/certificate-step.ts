import type { Authority } from "./issuer.ts";

/**
 * Writes a certificate and its key to a file: one that stands in, made at once; or an authority's, which another of the
 * machines may have already. That there is none is never the app's fault.
 */
export type CertifyStep = {
  readonly do: "certify";
  /** The first one names it. */
  readonly hosts: readonly string[];
  readonly path: string;
  readonly timeoutMs: number;
} & (
  | { readonly by: "stand-in" }
  | {
      readonly by: "authority";
      readonly authority: Authority;
      /** Whose proxies answer it, in order of name. */
      readonly machines: readonly string[];
      /** Where a proxy is talked to, and by which of its maps it answers. */
      readonly answers: { readonly socket: string; readonly map: string };
      /** Where other machines may have one already. */
      readonly elsewhere: readonly string[];
      /** What is shown while there is none: `a self-signed one stands in`. */
      readonly meanwhile: string;
    }
);

/**
 * Gives the certificate of a file to the machine's proxy, which goes on under it at once, and sees that it does. Nothing
 * where no proxy runs; where it knows none of that name, only with `list`.
 */
export interface LoadStep {
  readonly do: "load";
  readonly path: string;
  /** As the proxy names it. */
  readonly file: string;
  /** The list that it is then to be in, to be shown to who asks for the host. */
  readonly list?: { readonly path: string; readonly host: string };
  /** Where the proxy is talked to. */
  readonly socket: string;
  readonly timeoutMs: number;
}
