import type { CommandGroup } from "../command.ts";

const yes = { flags: "--yes", help: "do not ask" };

export const machineGroup: CommandGroup = {
  name: "machine",
  summary: "first contact with a server; one that was reinstalled",
  about:
    "A server needs sshd and a user who is root or may 'sudo -n'; all else comes with the first pass. " +
    "Both commands write into the folder of the repo and commit nothing.",
  examples: [
    ["slipway machine bootstrap 203.0.113.10 --label role=web", "take in a new server"],
    ["slipway machine accept web-1", "it was reinstalled and is to be known again"],
  ],
  commands: [
    {
      name: "bootstrap",
      arguments: [
        ["<host>", "[user@]host[:port]; the user (default: root) is root or may 'sudo -n'"],
      ],
      summary: "take in a new server",
      about:
        "Logs in, looks, and shows the host key's fingerprint and what it will do; nothing is changed " +
        "before the answer. Then it makes a user with your SSH key who may become root, checked by " +
        "visudo, and writes machines/<name>.yaml with the host key and the machine-id pinned, once a login as that user " +
        "was seen to work. For Debian from 12 on and Ubuntu LTS. It can be repeated at any time. " +
        "Without a terminal and without --yes it only shows, with exit code 2.",
      options: [
        { flags: "--name <name>", help: "of the machine (default: what it calls itself)" },
        { flags: "--user <user>", help: "whom Slipway logs in as from then on (default: deploy)" },
        {
          flags: "--label <key=value>",
          help: "what apps choose it by; may be repeated",
          repeatable: true,
        },
        { flags: "--jump <machine>", help: "reach it through this machine of the repo" },
        yes,
      ],
      examples: [
        [
          "slipway machine bootstrap 203.0.113.10 --label role=web",
          "as root, named as it calls itself",
        ],
        ["slipway machine bootstrap ubuntu@203.0.113.11:2222 --name web-2 --yes", "for a script"],
      ],
      load: () => import("../commands/machine/bootstrap.ts"),
    },
    {
      name: "accept",
      arguments: [["<machine>", "by its name in the repo"]],
      summary: "pin the new host key and machine-id of a machine that was reinstalled",
      about:
        "Logs in whatever host key it shows, and shows the pinned one and that one by their " +
        "fingerprints, with the machine-id; then writes both into machines/<name>.yaml, where all else " +
        "stays as it is. A machine-id that was not pinned yet is. " +
        "Without a terminal and without --yes it only shows, with exit code 2.",
      options: [yes],
      examples: [
        ["slipway machine accept web-1", "after web-1 was set up anew"],
        ["slipway machine accept web-1 --yes --json", "for a script"],
      ],
      load: () => import("../commands/machine/accept.ts"),
    },
  ],
};
