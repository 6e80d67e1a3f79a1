import type { CommandGroup } from "../command.ts";

export const jobsGroup: CommandGroup = {
  name: "jobs",
  summary: "the jobs of apps: when they ran, and running one at once",
  about:
    "A job is started by a timer on its machine, also while Slipway is not there; what it said " +
    "is shown by 'slipway logs'.",
  examples: [
    ["slipway jobs list", "how they went last, and when they run next"],
    ["slipway jobs run shop report", "one of them now"],
  ],
  commands: [
    {
      name: "list",
      arguments: [["[app]", "an app, or an app file with all its services (default: all)"]],
      summary: "jobs, how they ended last, and when they run next",
      about:
        "Asks the machines. Of a job that ended badly the last lines that it said are shown too.",
      examples: [
        ["slipway jobs list", "all jobs of the fleet"],
        ["slipway jobs list shop --json", "those of one app, for scripts"],
      ],
      load: () => import("../commands/jobs-list.ts"),
    },
    {
      name: "run",
      arguments: [
        ["<app>", "the app that has it, or its app file"],
        ["<job>", "its name"],
      ],
      summary: "start a job now, show what it says, and end with its exit code",
      about:
        "By the same unit of systemd that its timer starts, so it never runs twice at a time; one " +
        "that runs already is refused. It goes on when this command is interrupted. 128 and more " +
        "are exit codes of a job that was ended by a signal.",
      options: [{ flags: "--on <machine>", help: "where, of several (default: the first)" }],
      examples: [
        ["slipway jobs run shop report", "at once, on its machine"],
        ["slipway jobs run shop tidy --on web-2", "one that runs on each machine, on this one"],
      ],
      load: () => import("../commands/jobs-run.ts"),
    },
  ],
};
