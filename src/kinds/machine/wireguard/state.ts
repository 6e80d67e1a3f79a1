/** A machine's part in the private network of the fleet. */
export interface WireguardSpec {
  /** With its prefix: `10.90.0.1/24`. */
  readonly address: string;
  readonly port: number;
  /** Those whose public key is known, in order of name. */
  readonly peers: readonly WireguardPeer[];
  /** The machine is reached by a name: nobody knows whether that leads over the private network. */
  readonly isNamed?: true;
}

export interface WireguardPeer {
  readonly name: string;
  readonly key: string;
  /** Where it listens: `203.0.113.12:51820`. */
  readonly endpoint: string;
  /** Its own address and no other: `10.90.0.2/32`. */
  readonly allowed: string;
}

export interface WireguardState {
  /** The public key of the private one that was made there. */
  readonly key?: string;
  /** What our file says. */
  readonly conf?: string;
  /** The interface, where there is one. */
  readonly link?: WireguardLink;
  /** Whether it comes up at boot; undefined: there is no systemd. */
  readonly atBoot?: boolean;
}

export interface WireguardLink {
  /** The public key that it goes by; undefined: it has none. */
  readonly key?: string;
  readonly port?: number;
  readonly addresses: readonly string[];
  /** By public key: the addresses that it may come from. */
  readonly peers: Readonly<Record<string, string>>;
}
