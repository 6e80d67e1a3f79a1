/** What a bare machine's tree is made of. */
export type Distribution = {
  readonly suite: string;
  /** Lines of sources.list. */
  readonly sources: readonly string[];
  /** A package with the keys that its archive is signed with, and the package's own digest, where the host has them not. */
  readonly keys?: { readonly url: string; readonly digest: string };
  readonly plain: readonly string[];
  readonly engine: readonly string[];
};

const base = ["systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "iproute2"];
const engine = ["docker.io", "nftables", "wireguard-tools", "wireguard-go", "cron"];

/** What a server of Ubuntu comes with that could be in somebody's way. */
const ubuntuServer = [
  "apt",
  "kmod",
  "needrestart",
  "netplan.io",
  "nftables",
  "procps",
  "systemd-timesyncd",
  "tzdata",
  "ufw",
  "unattended-upgrades",
];

const debianMirror = "http://deb.debian.org";
const ubuntuMirror = "http://archive.ubuntu.com/ubuntu";

const debian = (suite: string, more: readonly string[] = []): Distribution => ({
  suite,
  sources: [
    `deb ${debianMirror}/debian ${suite} main`,
    `deb ${debianMirror}/debian ${suite}-updates main`,
    `deb ${debianMirror}/debian-security ${suite}-security main`,
  ],
  plain: base,
  engine: [...engine, ...more],
});

const ubuntu = (suite: string, more: readonly string[] = []): Distribution => ({
  suite,
  sources: [suite, `${suite}-updates`, `${suite}-security`].map(
    (one) => `deb ${ubuntuMirror} ${one} main universe`,
  ),
  keys: {
    url: `${ubuntuMirror}/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb`,
    digest: "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8",
  },
  plain: [...base, ...ubuntuServer, ...more],
  engine,
});

export const distributions = {
  "debian-12": debian("bookworm"),
  "debian-13": debian("trixie", ["docker-cli"]),
  "ubuntu-22.04": ubuntu("jammy"),
  "ubuntu-24.04": ubuntu("noble", ["systemd-resolved"]),
  "ubuntu-26.04": ubuntu("resolute", ["systemd-resolved", "sudo-rs"]),
} satisfies Record<string, Distribution>;

export type BareOs = keyof typeof distributions;

export const bareSystems = Object.keys(distributions) as readonly BareOs[];

/** Hosts of their mirrors: a machine of the fleet reaches these and nothing else of the world. */
export const mirrors: readonly string[] = [new URL(debianMirror).host, new URL(ubuntuMirror).host];
