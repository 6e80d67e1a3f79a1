/** What a test sees of a fleet. */
import type { BareOs } from "./distributions.ts";

export type Result = { code: number; stdout: string; stderr: string };

export type ExecOptions = {
  /** Bytes for the command's standard input. */
  input?: string | Buffer;
  /** Login name on the machine; default root. */
  user?: string;
  /** The command is killed after this long and reported with code 124. */
  timeoutMs?: number;
};

export type MachineOptions = {
  name: string;
  /** Puts the engine's data on a disk of this size, which can be filled without filling the host's. */
  diskMiB?: number;
  /**
   * A system of its own that systemd boots, instead of this host's programs under a small init. `plain` has sshd,
   * sudo and no more than that; `engine` has Docker Engine, nftables, WireGuard and cron as well.
   */
  bare?: BareSort;
  /** What a bare machine runs. Default Debian 12. */
  os?: BareOs;
  /** Gives a bare machine the user deploy, with sudo; machines of the other sort always have it. Default false. */
  deploy?: boolean;
  /**
   * Gives a bare machine a copy of its tree, on the host's own filesystem, instead of a root that lies over it: that takes
   * some seconds more, but it can swap to files anywhere, not only below /mnt and /srv. Default false.
   */
  copied?: boolean;
};

export type BareSort = "plain" | "engine";

export type FleetOptions = {
  machines: readonly (string | MachineOptions)[];
  /** Names the fleet and all that belongs to it: a letter, then up to 7 letters and digits. Default random. */
  prefix?: string;
  /** A registry on the host's address, with images to push to it. Default true. */
  registry?: boolean;
  /** A git server on the host's address. Default true. */
  git?: boolean;
  /** A way to the packages of their distributions for the apt of bare machines. Default false: apt reaches nothing. */
  packages?: boolean;
  /** Keep the state directory when the fleet goes down. */
  keepState?: boolean;
};

/** Faults are what really happens to machines; each one can be taken back. */
export type MachineFaults = {
  /** Power off: every process of the machine is gone at once, containers included. */
  kill(): Promise<void>;
  /** Power on, with the same root and the same engine data; resolves when sshd and the engine answer. */
  start(): Promise<void>;
  /** Installs a bare machine anew, at the same address: all that it had is gone, its host key and its machine-id too. */
  reinstall(): Promise<void>;
  /** Pulls the network cable, on both sides or on one. */
  cut(side?: Side): Promise<void>;
  mend(side?: Side): Promise<void>;
  /** Drops what arrives for a TCP port, without any answer. */
  dropInput(port: number): Promise<void>;
  /** Takes all dropInput back. */
  acceptInput(): Promise<void>;
  /** Kills sshd with all its sessions. */
  stopSshd(): Promise<void>;
  startSshd(): Promise<void>;
  /** Kills the engine; its containers go on. */
  stopDockerd(): Promise<void>;
  startDockerd(): Promise<void>;
  /** The engine takes connections and never answers. */
  freezeDockerd(): Promise<void>;
  thawDockerd(): Promise<void>;
  /** Fills the engine's disk to the last block; only with `diskMiB`. */
  fillDisk(): Promise<void>;
  freeDisk(): Promise<void>;
};

export type Side = "public" | "private";

export type FleetMachine = {
  readonly name: string;
  /** On the public side: not in a private range, where the host reaches it by SSH. */
  readonly address: string;
  /** On a second interface, in a private range; the host reaches it as well. */
  readonly privateAddress: string;
  /** As in `hostKey:` of a machine's file, without a comment; another once it was installed anew. */
  readonly hostKey: string;
  readonly bare: BareSort | undefined;
  /** Of its first process, as the host sees it; another after a reboot, undefined while it is off. */
  pid(): number | undefined;
  exec(argv: readonly string[], options?: ExecOptions): Promise<Result>;
  /** Runs Debian's own client against the machine's engine and gives its output; throws when it fails. */
  docker(argv: readonly string[], options?: ExecOptions): Promise<string>;
  readonly faults: MachineFaults;
};

export type ImageOptions = {
  /** Environment baked into the image. */
  env?: Readonly<Record<string, string>>;
  /** Command of a HEALTHCHECK, run every second. */
  healthcheck?: readonly string[];
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  workingDir?: string;
  stopSignal?: string;
  user?: string;
  labels?: Readonly<Record<string, string>>;
  /** Files in a layer of their own: path to content. */
  files?: Readonly<Record<string, string>>;
  /** A further layer with so many MiB that no compression shrinks. */
  padMiB?: number;
};

export type Images = {
  /** Makes the test app's image NAME:TAG, which reports TAG as its version, and gives its digest reference. */
  push(name: string, tag: string, options?: ImageOptions): Promise<Pushed>;
  /** Makes haproxy:TAG of the host's HAProxy, laid out as the official image is; with another version another image. */
  pushProxy(options?: { readonly tag?: string; readonly version?: string }): Promise<Pushed>;
};

export type Pushed = { reference: string; digest: string; byDigest: string };

export type RegistryFault = "500" | "hang" | "404" | "truncate";

export type Registry = {
  /** HOST:PORT, as it stands in image names. */
  readonly address: string;
  fault(kind: RegistryFault | undefined): void;
  /** From now on only with this login (undefined: with none). */
  requireLogin(login: { user: string; password: string } | undefined): void;
  /** Method and path of each request so far. */
  readonly requests: string[];
};

export type GitFault = "500" | "hang" | "slow";

export type GitServer = {
  /** http://HOST:PORT, a repository is below it as NAME.git. */
  readonly url: string;
  readonly user: string;
  readonly token: string;
  /** Makes a bare repository and gives its URL. */
  createRepo(name: string): Promise<string>;
  repoUrl(name: string): string;
  /** The URL with user and token in it, for the git command. */
  loginUrl(name: string): string;
  /** The bare repository's folder, for reading it in place. */
  repoDir(name: string): string;
  fault(kind: GitFault | undefined): void;
  readonly requests: string[];
};

export type PackageFault = "500" | "hang";

export type Packages = {
  /** The proxy that apt is told of. */
  readonly url: string;
  fault(kind: PackageFault | undefined): void;
  /** Method and URL of each request so far. */
  readonly requests: string[];
};

export type Fleet = {
  readonly prefix: string;
  /** Scratch folder of this fleet, gone with it. */
  readonly dir: string;
  /** The host's address on the public side. */
  readonly hostAddress: string;
  readonly machines: Readonly<Record<string, FleetMachine>>;
  /** The machine of this name; throws where there is none. */
  machine(name: string): FleetMachine;
  /** Private key that root and deploy accept on every machine. */
  readonly sshKeyFile: string;
  /** An OpenSSH known_hosts file with every machine's key. */
  readonly knownHostsFile: string;
  readonly registry?: Registry;
  readonly images?: Images;
  readonly git?: GitServer;
  readonly packages?: Packages;
  down(): Promise<void>;
};
