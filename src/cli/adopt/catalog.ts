import type { CommandSpec } from "../command.ts";

export const adopt: CommandSpec = {
  name: "adopt",
  arguments: [
    ["<host>", "ssh://[user@]host[:port]; the user (default: root) is root or may 'sudo -n'"],
  ],
  summary: "write what runs on a server that was set up by hand as YAML",
  about:
    "Logs in, reads the containers that run there and are no fleet's, and writes machines/<name>.yaml " +
    "with the host key and the machine-id pinned, and one file in apps/ for each container, or for each Compose project " +
    "with its services. What looks like a secret is encrypted into secrets/. Nothing is changed on " +
    "the server, no file is written over, and it shows all of it first; without a terminal and without " +
    "--yes it only shows, with exit code 2. What Slipway has no words for is told. The first pass " +
    "after the commit takes the containers over as they run, without a restart.",
  options: [
    { flags: "--name <name>", help: "of the machine (default: what it calls itself)" },
    {
      flags: "--container <name>",
      help: "only this one; may be repeated",
      repeatable: true,
    },
    { flags: "--jump <machine>", help: "reach it through this machine of the repo" },
    { flags: "--yes", help: "do not ask" },
  ],
  examples: [
    ["slipway adopt ssh://deploy@203.0.113.10", "all that runs there"],
    ["slipway adopt ssh://203.0.113.10 --container shop-db-1 --yes", "one of them, for a script"],
  ],
  load: () => import("../commands/adopt.ts"),
};
