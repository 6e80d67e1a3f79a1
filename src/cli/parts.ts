import type { Accounts, Issuer } from "../model/issuer.ts";
import type { SecretOpener } from "../pass/world.ts";
import type { Fleet } from "../remote/session.ts";
import type { ParsedIdentities } from "../secrets/parse-identities.ts";

export interface SshLogin {
  readonly keys: readonly SshKey[];
  /** The agent's socket. */
  readonly agent?: string;
  readonly acceptNewHostKeys: boolean;
}

export interface SshKey {
  readonly text: string;
  readonly passphrase?: string;
  /** The file, for messages. */
  readonly source: string;
  /** One of the usual files, which nobody named: left out where it cannot be used. */
  readonly isGuess: boolean;
}

export interface ShownHostKey {
  /** As in `hostKey:` of a machine's file. */
  readonly text: string;
  /** As OpenSSH prints it: `SHA256:…`. */
  readonly fingerprint: string;
}

export interface AgeKey {
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: string;
  /** `age1…` */
  readonly recipient: string;
}

/** A file of identities: `AGE-SECRET-KEY-1…` lines, an OpenSSH key, or such a file under a passphrase. */
export interface AgeKeyFile {
  /** The file, for messages. */
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly passphrase?: string;
}

/** What having certificates issued takes. */
export interface IssuerWish {
  /** Roots in PEM that are trusted besides the usual ones. */
  readonly ca?: string;
  readonly accounts: Accounts;
  /** Sets and unsets records of the DNS. */
  readonly dnsCommand?: readonly string[];
  /** Variables that it gets. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What main makes for the commands: loaded when a command asks for it. */
export interface Parts {
  /** Throws UnusableKey for a key that somebody named. */
  openFleet(login: SshLogin): Promise<Fleet>;
  /** The public halves of what logs in, as in `authorized_keys`: of the files, without any the agent's. Throws UnusableKey. */
  publicKeys(login: SshLogin): Promise<readonly string[]>;
  /** The key that a server shows before any login. Rejects with RemoteError when it cannot be reached. */
  scanHostKey(address: string, port: number): Promise<ShownHostKey>;
  /** `keys` is asked for a fleet's keys once something is to be opened. Opening rejects with UnusableAgeKey. */
  openSecrets(keys: (fleet: string) => Promise<readonly AgeKeyFile[]>): Promise<SecretOpener>;
  openIssuer(wish: IssuerWish): Promise<Issuer>;
  /** A new key, or the one that this identity is. */
  ageKey(identity?: string): Promise<AgeKey>;
  /** The private keys in a file: of age, or an SSH key. */
  readIdentities(file: Uint8Array, passphrase?: string): Promise<ParsedIdentities>;
}
