import type { Opening } from "../../../lib/opening.ts";

/** What comes in from outside on a machine; all else that is not an answer stays out. */
export interface FirewallSpec {
  /** Where SSH reaches it: the interface that holds it is outside. */
  readonly address: string;
  /** Where an interface that is outside holds it, the others of the fleet are let in there. */
  readonly privateAddress?: string;
  /** Private addresses of the other machines, sorted. */
  readonly peers: readonly string[];
  /** Where sshd is reached. */
  readonly ssh: number;
  /** By routes, and by ports that apps declare to be public. */
  readonly declared: readonly Opening[];
  /** By the machine's own file. */
  readonly allow: readonly Opening[];
  /** By containers that are still to be replaced by ones with other ports: what is open of it is closed after that. */
  readonly leaving?: readonly Opening[];
}

export interface FirewallState {
  /** Interfaces that have a default route, sorted. */
  readonly outside: readonly string[];
  /** Interfaces by the addresses that they hold. */
  readonly links: Readonly<Record<string, string>>;
  /** Where the connection in use arrives. */
  readonly sshPort?: number;
  /** Another that minds the machine's ports. */
  readonly rival?: "ufw" | "firewalld";
  /** The engine's own rules are gone. */
  readonly isFlushed?: true;
  /** There is a folder of ours. */
  readonly isOurs?: true;
  /** Our table, as nft lists it. */
  readonly table?: readonly string[];
  /** Our table as nft listed it once it was made. */
  readonly made?: readonly string[];
  /** What it was made of, which is loaded at boot. */
  readonly rules?: string;
  /** Undefined: systemd does not run there. */
  readonly boot?: { readonly unit?: string; readonly isEnabled: boolean };
}
