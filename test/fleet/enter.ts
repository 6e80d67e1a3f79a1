import { powered, type Machine } from "./machine.ts";
import { cleanEnv, run } from "./run.ts";
import type { ExecOptions, Result } from "./types.ts";

/** Runs a command inside, as the user's own login would but without a shell. */
export function execOn(
  machine: Machine,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<Result> {
  const enter = [
    "nsenter",
    `--target=${powered(machine)}`,
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--",
    // When its time is up, the command is to end as well as the one who waits for it.
    "setpriv",
    "--pdeathsig",
    "KILL",
  ];
  const as =
    options.user === undefined || options.user === "root"
      ? []
      : ["runuser", "-u", options.user, "--"];
  return run([...enter, ...as, ...argv], {
    env: options.user === undefined ? cleanEnv : { ...cleanEnv, HOME: `/home/${options.user}` },
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
}

export async function dockerOn(
  machine: Machine,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const result = await execOn(machine, ["/usr/bin/docker", ...argv], options);
  if (result.code !== 0) {
    throw new Error(
      `${machine.name}: docker ${argv.join(" ")}: exit ${result.code}: ${result.stderr.trim()}`,
    );
  }
  return result.stdout.trim();
}
