import { readFileSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { once } from "node:events";
import { Socket } from "node:net";
import { cleanEnv } from "./run.ts";

/** A process beyond doubt: a pid alone may have been given to another since. */
export type ProcessId = { pid: number; started: string };

/** A process of ours, and what it said first. */
export type Tied = { child: ChildProcess; pid: number; line: string; tell(text: string): void };

/** When a process started, in clock ticks since boot; undefined when there is none (a zombie is none). */
export function startedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function identify(pid: number): ProcessId {
  return { pid, started: startedAt(pid) ?? "" };
}

export function isAlive(id: ProcessId): boolean {
  return startedAt(id.pid) === id.started;
}

export function killIfAlive(id: ProcessId): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, "SIGKILL");
  } catch {
    // gone in the meantime
  }
}

/**
 * Starts a process that ends with this one, however this one ends, and waits for its first line,
 * by which it says that it is ready. From then on it does not keep this one running.
 * It is recorded in the fleet's folder for the one who clears up, should all else fail.
 */
export async function spawnTied(
  fleetDir: string,
  argv: readonly string[],
  log: number | "ignore" = "ignore",
): Promise<Tied> {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...argv], {
    env: cleanEnv,
    stdio: ["pipe", "pipe", log],
    detached: true, // a Ctrl-C at the terminal is the owner's to handle
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("spawned without pipes");
  stdin.on("error", () => undefined); // it may end at any time
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`${argv.join(" ")}: ended with ${code} before it was ready`)),
    );
  });
  const pid = child.pid ?? 0;
  const records = join(fleetDir, "pids");
  await mkdir(records, { recursive: true });
  await writeFile(join(records, String(pid)), identify(pid).started);
  child.unref();
  for (const stream of [stdin, stdout]) if (stream instanceof Socket) stream.unref();
  return { child, pid, line, tell: (text) => stdin.write(text) };
}

/** Those of a fleet's recorded processes that still run. */
export async function recordedProcesses(fleetDir: string): Promise<ProcessId[]> {
  const pids = await readdir(join(fleetDir, "pids")).catch(() => []);
  const ids = pids.map(async (pid) => ({
    pid: Number(pid),
    started: await readFile(join(fleetDir, "pids", pid), "utf8").catch(() => ""),
  }));
  return (await Promise.all(ids)).filter(isAlive);
}

export function hasEnded({ child }: Tied): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Waits until a process has ended. */
export async function endOf(tied: Tied): Promise<void> {
  if (hasEnded(tied)) return;
  const gone = once(tied.child, "exit");
  tied.child.ref();
  await gone;
}

/** Kills a process and waits until it is gone. */
export async function endTied(tied: Tied): Promise<void> {
  tied.child.kill("SIGKILL");
  await endOf(tied);
}
