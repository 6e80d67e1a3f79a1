import type { Secret } from "./secret.ts";

/** Whom a certificate is wanted from, and how hosts are shown to be ours. */
export interface Authority {
  /** The address of an ACME directory. */
  readonly directory: string;
  readonly email?: string;
  /** By records of the DNS; else the proxies answer. */
  readonly dns?: true;
}

export interface CertificateWish {
  /** The first one names it. */
  readonly hosts: readonly string[];
  readonly authority: Authority;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What other machines have for the hosts already, the texts of their files. */
  elsewhere(): Promise<readonly Secret[]>;
  /** Has the proxies of the hosts answer under `/.well-known/acme-challenge/TOKEN`. Rejects where none of them does. */
  answer(token: string, keyAuthorization: string): Promise<void>;
  unanswer(token: string): Promise<void>;
}

/** No certificate for now: nobody's mistake, or one that is to be mended where the text says, and when it is tried again. */
export interface NoCertificate {
  readonly trouble: string;
}

/** Where keys of accounts at authorities are kept, by directory. Lost, another account does as well. */
export interface Accounts {
  read(directory: string): Promise<Secret | undefined>;
  write(directory: string, key: Secret): Promise<void>;
}

/** Who has certificates issued, and knows what was tried: an authority that is asked too often shuts its door. */
export interface Issuer {
  /** The text of a file that stands in: certificate and key. */
  standIn(hosts: readonly string[]): Secret;
  /** The text of a file; with several wishes for the same at once it is the same. Rejects only with the signal's reason. */
  obtain(wish: CertificateWish): Promise<Secret | NoCertificate>;
  /** Why an authority is not asked now; undefined: it may be. */
  putOff(wish: Pick<CertificateWish, "hosts" | "authority">): NoCertificate | undefined;
  /** When the first of those that are left alone may be asked again, in milliseconds since 1970. */
  againMs(): number | undefined;
}
