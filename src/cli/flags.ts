/** One flag that every command takes. */
export interface Flag {
  /** As commander writes it: `--repo <dir|url>`. */
  readonly flags: string;
  readonly env: string;
  readonly help: string;
  readonly repeatable?: boolean;
}

/** The flags of all commands, in the order of help. */
export const globalFlags = {
  repo: {
    flags: "--repo <dir|url>",
    env: "SLIPWAY_REPO",
    help: "the infra repo: a folder or an http(s) URL (default: the repository around this folder)",
  },
  branch: {
    flags: "--branch <name>",
    env: "SLIPWAY_BRANCH",
    help: "the branch to follow (default: main)",
  },
  path: {
    flags: "--path <dir>",
    env: "SLIPWAY_PATH",
    help: "the infra repo is this folder of the repository",
  },
  environment: {
    flags: "--environment <name>",
    env: "SLIPWAY_ENVIRONMENT",
    help: "lay environments/<name> over the rest; the fleet is then <fleet>-<name>",
  },
  sshKey: {
    flags: "--ssh-key <file>",
    env: "SLIPWAY_SSH_KEY",
    help: "log in with this key; may be repeated (default: the agent's, then ~/.ssh/id_*)",
    repeatable: true,
  },
  ageKey: {
    flags: "--age-key <file>",
    env: "SLIPWAY_AGE_KEY",
    help: "open secrets with this key; may be repeated (default: ~/.config/slipway/<fleet>.agekey)",
    repeatable: true,
  },
  acmeDnsCommand: {
    flags: "--acme-dns-command <cmd>",
    env: "SLIPWAY_ACME_DNS_COMMAND",
    help: "sets records for certificates by DNS; its words are split at spaces, no shell runs",
  },
  state: {
    flags: "--state <dir>",
    env: "SLIPWAY_STATE",
    help: "where caches and unsent statuses are kept; may be lost (default: below ~/.local/state/slipway)",
  },
  json: {
    flags: "--json",
    env: "SLIPWAY_JSON",
    help: "one JSON document on stdout instead of text (described in schemas/)",
  },
  acceptNewHostKeys: {
    flags: "--accept-new-host-keys",
    env: "SLIPWAY_ACCEPT_NEW_HOST_KEYS",
    help: "connect to machines that pin no hostKey",
  },
  allowRewind: {
    flags: "--allow-rewind",
    env: "SLIPWAY_ALLOW_REWIND",
    help: "apply a revision that does not descend from the last one applied",
  },
  allowUnpushed: {
    flags: "--allow-unpushed",
    env: "SLIPWAY_ALLOW_UNPUSHED",
    help: "use a local clone that is ahead of or behind its upstream",
  },
  noColor: { flags: "--no-color", env: "NO_COLOR", help: "no colours, also on a terminal" },
  verbose: { flags: "-v, --verbose", env: "SLIPWAY_VERBOSE", help: "tell every step on stderr" },
} as const satisfies Record<string, Flag>;

/** What is only ever given by environment variables: secrets, so that they stand in no list of processes, and whom to trust with what. */
export const secretVariables = [
  ["SLIPWAY_REPO_TOKEN", "token for an http(s) repository; sent to its host only"],
  [
    "SLIPWAY_FORGE_TOKEN",
    "token for statuses and comments; sent to the host it was first used with",
  ],
  ["SLIPWAY_FORGE_API", "the only API that this token is sent to, whatever the repo says"],
  ["SLIPWAY_ACME_CA", "file with the root of an authority for certificates of your own"],
  ["SLIPWAY_SSH_PASSPHRASE", "for SSH keys that are encrypted"],
  ["SLIPWAY_AGE_PASSPHRASE", "for an age key that is encrypted"],
] as const;
