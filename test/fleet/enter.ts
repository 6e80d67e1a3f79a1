import { powered, type Machine } from "./machine.ts";
import { cleanEnv, run } from "./run.ts";
import type { ExecOptions, Result } from "./types.ts";

/** What a command is put behind to run inside; on a bare machine it can do no more than what systemd starts. */
export function entering(pid: number, isBare: boolean): readonly string[] {
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  const enter = ["nsenter", `--target=${pid}`, ...namespaces];
  if (!isBare) return [...enter, "--"];
  const drop = "-sys_time,-sys_module,-sys_rawio";
  const without = ["setpriv", `--bounding-set=${drop}`, `--inh-caps=${drop}`];
  return [...without, ...enter, "--cgroup", "--"];
}

/** Runs a command inside, as the user's own login would but without a shell. */
export async function execOn(
  machine: Machine,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<Result> {
  const { user = "root", input, timeoutMs } = options;
  const enter = entering(powered(machine), machine.bare !== undefined);
  // Its end has to come from inside: a command whose parent out here is killed has nobody to bury
  // it, and a machine that holds such a one never goes down.
  const limit = timeoutMs === undefined ? [] : ["timeout", "-s", "KILL", `${timeoutMs / 1000}`];
  const as = user === "root" ? [] : ["runuser", "-u", user, "--"];
  const started = performance.now();
  const result = await run([...enter, ...limit, ...as, ...argv], {
    env: user === "root" ? cleanEnv : { ...cleanEnv, HOME: `/home/${user}` },
    ...(input === undefined ? {} : { input }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs + 10_000 }),
  });
  const killed = timeoutMs !== undefined && performance.now() - started >= timeoutMs;
  return killed && result.code !== 0 ? { ...result, code: 124 } : result;
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
