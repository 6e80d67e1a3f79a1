import { adopt } from "./adopt/catalog.ts";
import type { CommandNode } from "./command.ts";
import { machineGroup } from "./machine/catalog.ts";
import { jobsGroup } from "./jobs/catalog.ts";
import { secretsGroup } from "./secrets/catalog.ts";

const revision = { flags: "--revision <rev>", help: "this revision instead of the branch's head" };

/** All commands, in the order of help. */
export const catalog: readonly {
  readonly title: string;
  readonly commands: readonly CommandNode[];
}[] = [
  {
    title: "The repo",
    commands: [
      {
        name: "init",
        arguments: [["[dir]", "where it is written (default: this folder)"]],
        summary: "write a small infra repo to start from",
        about:
          "Writes slipway.yaml, machines, an app with a file that it ships, and a README with the " +
          "next steps. A fresh age key goes to ~/.config/slipway, never into the repo; who can " +
          "decrypt stands in .age-recipients. With " +
          "--machine it asks each server for its host key and pins what it shows; compare the " +
          "fingerprints. Outside of a repository it also makes the first commit. Overwrites " +
          "nothing.",
        options: [
          {
            flags: "--machine <name=address>",
            help: "a server: web-1=203.0.113.10, or web-1=deploy@203.0.113.10:2222; may be repeated",
            repeatable: true,
          },
          { flags: "--fleet <name>", help: "the fleet's name (default: the folder's)" },
        ],
        examples: [
          ["slipway init infra", "an infra repo with one machine to fill in"],
          [
            "slipway init infra --machine web-1=203.0.113.10 --machine web-2=203.0.113.11",
            "for two servers of yours, their host keys pinned",
          ],
        ],
        load: () => import("./commands/init.ts"),
      },
      {
        name: "validate",
        summary: "check every file, without touching a machine",
        about:
          "Reads the files as they stand in the folder, committed or not, and tells all findings at " +
          "once as file:line:col. Without --environment all environments are checked. Exit code 1 " +
          "when there is an error.",
        options: [{ ...revision, help: "a commit instead of the files in the folder" }],
        examples: [
          ["slipway validate", "before a commit, or as the first step of your CI"],
          [
            "slipway validate --revision origin/main --environment staging",
            "one environment of what was pushed",
          ],
        ],
        load: () => import("./commands/validate.ts"),
      },
      secretsGroup,
      machineGroup,
      adopt,
    ],
  },
  {
    title: "Deploying",
    commands: [
      {
        name: "plan",
        summary: "what would change, why, and who could reach what",
        about:
          "Looks at all machines, compares, and changes nothing; it takes no locks either. What " +
          "cannot be seen plans nothing and is listed as unknown.",
        options: [
          revision,
          {
            flags: "--working-tree",
            help: "the files as they stand in the folder, on top of the head",
          },
          { flags: "--exit-code", help: "0: no changes, 2: some (held ones too), 1: trouble" },
          { flags: "--markdown", help: "as the comment on a pull request that the daemon writes" },
        ],
        examples: [
          ["slipway plan", "what the next pass would do"],
          [
            "slipway plan --revision my-branch --exit-code",
            "for a check: 2 when there is something to do",
          ],
        ],
        load: () => import("./commands/plan.ts"),
      },
      {
        name: "reconcile",
        summary: "one pass: fetch, plan, apply, verify, report",
        about:
          "Shows each change as it is made and then the outcome, from what was observed afterwards. " +
          "Exit code 0 only when the revision is applied. An interrupt (Ctrl-C) ends it at the next " +
          "safe point, a second one at once.",
        options: [
          {
            flags: "--retry <app>",
            help: "try this app again although it failed; may be repeated",
            repeatable: true,
          },
          revision,
        ],
        examples: [
          ["slipway reconcile", "bring the machines to the branch's head, once"],
          ["slipway reconcile --retry shop", "try again what failed: the registry was to blame"],
        ],
        load: () => import("./commands/reconcile.ts"),
      },
      {
        name: "run",
        summary: "follow the branch: deploy what is merged, heal what drifts",
        about:
          "The daemon. Polls the branch, applies each new head, listens to every engine and puts " +
          "back what was changed by hand, and reports to the ledger and the forge. Between " +
          "passes it plans open pull requests. It keeps nothing that it could not find out again.",
        options: [
          {
            flags: "--interval <duration>",
            help: "between two looks at the branch (default: 30s)",
          },
          {
            flags: "--plan-forks",
            help: "plan pull requests from forks too; a plan shows what the machines have",
          },
        ],
        examples: [
          [
            "slipway run --repo https://github.com/acme/infra",
            "with the token in SLIPWAY_REPO_TOKEN",
          ],
          [
            "slipway run --interval 5s --environment staging",
            "another fleet of the same repo, in a hurry",
          ],
        ],
        load: () => import("./commands/run.ts"),
      },
      {
        name: "rollback",
        arguments: [["[rev]", "what to go back to (default: the one applied before the head)"]],
        summary: "commit the tree of an earlier revision and push it",
        about:
          "Shows what would be reverted and asks. The commit is an ordinary one, made on top of the " +
          "head, so the next pass applies it: image, env, files, limits, all of it.",
        options: [
          { flags: "--yes", help: "do not ask" },
          { flags: "--branch-only <name>", help: "push it as this new branch, for a pull request" },
          { flags: "--thaw", help: "let it through freezes and pauses" },
        ],
        examples: [
          ["slipway rollback", "back to what was applied before"],
          [
            "slipway rollback 1a2b3c4 --branch-only back-to-monday",
            "as a branch to open a pull request from",
          ],
        ],
        load: () => import("./commands/rollback.ts"),
      },
    ],
  },
  {
    title: "Looking",
    commands: [
      {
        name: "status",
        summary: "what runs where, at which revision, and how it is",
        about: "Asks all machines now; it needs nothing that an earlier run left behind.",
        examples: [
          ["slipway status", "the fleet at a glance"],
          ["slipway status --json | jq .outcome", "for a script"],
        ],
        load: () => import("./commands/status.ts"),
      },
      {
        name: "history",
        summary: "each revision's outcome, from the ledger",
        about:
          "Reads the notes in refs/notes/slipway; where there is none, what the machines remember. " +
          "--rebuild writes the missing notes from that.",
        options: [
          { flags: "-n, --number <count>", help: "how many commits back (default: 20)" },
          { flags: "--rebuild", help: "write missing notes from the machines' history" },
        ],
        examples: [
          ["slipway history", "the last 20 commits and what became of them"],
          ["slipway history -n 100 --rebuild", "after the notes were lost"],
        ],
        load: () => import("./commands/history.ts"),
      },
      {
        name: "why",
        arguments: [["<address>", "app/shop, or machine/web-1/app/shop/container/1"]],
        summary: "the cause of a change: commit, file and line, field by field",
        about:
          "Of the change that is planned at this address; where none is, of the last one that was " +
          "made.",
        examples: [
          ["slipway why app/shop", "all that is planned for an app, and why"],
          [
            "slipway why machine/web-1/app/shop/container/1",
            "one container: which commit made it so",
          ],
        ],
        load: () => import("./commands/why.ts"),
      },
      {
        name: "ps",
        arguments: [["[app]", "an app, or an app file with all its services"]],
        summary: "containers over all machines",
        about: "With what failed and was kept for looking at.",
        examples: [
          ["slipway ps", "all containers of the fleet"],
          ["slipway ps shop --json", "one app's, for a script"],
        ],
        load: () => import("./commands/ps.ts"),
      },
      {
        name: "logs",
        arguments: [["<app>", "an app, or an app file with all its services"]],
        summary: "logs of an app, merged over its machines by time",
        about:
          "Each line says machine and instance. With -f it goes on, also over a deploy: new " +
          "containers join in, and a machine that was away comes back. With --json the lines " +
          "are one document; with -f one a line.",
        options: [
          { flags: "-f, --follow", help: "go on with what is logged from now on" },
          { flags: "--since <when>", help: "10m, 2h, 1d, or a time: 2026-01-31T12:00:00Z" },
          {
            flags: "--tail <lines>",
            help: "the last lines of each container, or all (default: 100)",
          },
          { flags: "--timestamps", help: "with the time of each line" },
          { flags: "--on <machine>", help: "of this machine only" },
        ],
        examples: [
          ["slipway logs shop -f", "follow an app on all its machines"],
          [
            "slipway logs shop --since 2h --timestamps --tail all",
            "what happened in the last two hours",
          ],
        ],
        load: () => import("./commands/logs.ts"),
      },
      {
        name: "exec",
        arguments: [["<app>", "an app, or an app file with all its services"]],
        rest: "<cmd...>",
        summary: "run a command in a container of an app",
        about:
          "In one healthy instance; --on and --all choose. --new makes a container for it, with the " +
          "image, env, files, volumes and networks that an instance has now, but no ports and no " +
          "names; it is removed when the command ends, on Ctrl-C, and when the connection is lost. " +
          "The exit code is the command's.",
        options: [
          { flags: "--on <machine>", help: "an instance on this machine" },
          { flags: "--new", help: "in a container of its own, made like that of an instance" },
          { flags: "--all", help: "in every instance, one after the other" },
          { flags: "-i, --stdin", help: "give it what comes in here" },
          { flags: "-t, --tty", help: "give it a terminal; implies -i" },
        ],
        examples: [
          ["slipway exec shop -t -- sh", "a shell in a running container"],
          ["slipway exec shop --all -- cat /proc/loadavg", "a look into every instance"],
          [
            "slipway exec shop --new -it -- sh",
            "a shell beside the instances, which it leaves alone",
          ],
        ],
        load: () => import("./commands/exec.ts"),
      },
      {
        name: "restart",
        arguments: [["<app>", "an app, or an app file with all its services"]],
        summary: "stop and start the containers of an app, one at a time",
        about:
          "In order of machines, each under its machine's lock: it stops a container, starts it as it " +
          "is, and waits until it is healthy before it goes on to the next. The first that does not " +
          "become healthy ends it. Nothing is created or changed; an app with one instance is away " +
          "for that while.",
        options: [{ flags: "--on <machine>", help: "only the instances on this machine" }],
        examples: [
          ["slipway restart shop", "all instances, one after the other"],
          ["slipway restart shop-worker --on web-2", "one service on one machine"],
        ],
        load: () => import("./commands/restart.ts"),
      },
      jobsGroup,
    ],
  },
];

export const commandNames: readonly string[] = catalog.flatMap(({ commands }) =>
  commands.map(({ name }) => name),
);
