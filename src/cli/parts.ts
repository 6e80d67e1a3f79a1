import type { Fleet } from "../remote/session.ts";

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

/** What main makes for the commands: loaded when a command asks for it. */
export interface Parts {
  /** Throws UnusableKey for a key that somebody named. */
  openFleet(login: SshLogin): Promise<Fleet>;
  /** The key that a server shows before any login. Rejects with RemoteError when it cannot be reached. */
  scanHostKey(address: string, port: number): Promise<ShownHostKey>;
  /** A new key, or the one that this identity is. */
  ageKey(identity?: string): Promise<AgeKey>;
}
