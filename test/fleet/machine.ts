import { open, readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { stateRoot } from "./home.ts";
import { plug, unplug, type Network } from "./network.ts";
import { endOf, hasEnded, identify, killIfAlive, spawnTied, type Tied } from "./processes.ts";
import { cleanEnv, run } from "./run.ts";
import { Hopeless, until } from "./wait.ts";
import type { ExecOptions, Result } from "./types.ts";

/** A machine as the fleet keeps it; `power` is there while it is on. */
export type Machine = {
  readonly name: string;
  readonly index: number;
  readonly dir: string;
  readonly network: Network;
  readonly address: string;
  readonly privateAddress: string;
  readonly hostKey: string;
  readonly disk: string | undefined;
  power: { process: Tied; pid: number } | undefined;
};

/** Switches a machine on and waits until sshd and the engine answer. */
export async function powerOn(machine: Machine): Promise<void> {
  if (machine.power !== undefined) throw new Error(`${machine.name} is on already`);
  const { dir, name, network } = machine;
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"];
  const script = [
    "sh",
    join(import.meta.dirname, "machine.sh"),
    dir,
    name,
    machine.address,
    machine.privateAddress,
  ];
  const rest = [
    network.hostAddress,
    stateRoot(),
    ...(machine.disk === undefined ? [] : [machine.disk]),
  ];
  const log = await open(join(dir, "console.log"), "a");
  try {
    const process = await spawnTied(
      network.dir,
      ["unshare", ...namespaces, ...script, ...rest],
      log.fd,
    );
    machine.power = { process, pid: Number(process.line) };
    process.child.once("exit", (_code, signal) => void wentDown(machine, process, signal));
    await plug(network, machine.index, machine.power.pid);
    process.tell("go\n");
  } finally {
    await log.close();
  }
  const console = async (): Promise<string> =>
    (await readFile(join(dir, "console.log"), "utf8")).slice(-2000);
  try {
    await Promise.all([sshdAnswers(machine), engineAnswers(machine)]);
  } catch (error) {
    throw new Error(`${name} did not come up; its console says:\n${await console()}`, {
      cause: error,
    });
  }
}

/** Pulls the plug: nothing gets a signal that it could handle. */
export async function powerOff(machine: Machine): Promise<void> {
  const { power } = machine;
  if (power === undefined) return;
  machine.power = undefined;
  // Its init is gone only after everything inside is, and its parent ends only after its init.
  if (!hasEnded(power.process)) killIfAlive(identify(power.pid));
  await endOf(power.process);
  await unplug(machine.network, machine.index);
}

/** A machine that ended on its own: by its own reboot command it comes back, otherwise it is off. */
async function wentDown(machine: Machine, process: Tied, signal: string | null): Promise<void> {
  if (machine.power?.process !== process) return;
  machine.power = undefined;
  await unplug(machine.network, machine.index);
  // How the kernel tells a reboot of a process namespace from a halt.
  if (signal === "SIGHUP") await powerOn(machine).catch(() => powerOff(machine));
}

/** Waits for sshd to greet. */
export function sshdAnswers(machine: Machine): Promise<true> {
  return until(`sshd of ${machine.name}`, async () => {
    powered(machine);
    return new Promise<true | undefined>((resolve, reject) => {
      const socket = connect({ host: machine.address, port: 22, timeout: 500 });
      socket.once("data", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("timeout", () => socket.destroy());
      socket.once("error", reject);
      socket.once("close", () => resolve(undefined));
    });
  });
}

/** Waits for the engine to answer a ping on its own socket. */
export function engineAnswers(machine: Machine): Promise<true> {
  return until(`the engine of ${machine.name}`, async () => {
    const pid = powered(machine);
    return new Promise<true | undefined>((resolve, reject) => {
      const ping = request(
        { socketPath: `/proc/${pid}/root/run/docker.sock`, path: "/_ping", timeout: 500 },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode === 200 ? true : undefined);
        },
      );
      ping.once("timeout", () => ping.destroy(new Error("no answer")));
      ping.once("error", reject);
      ping.end();
    });
  });
}

export function powered(machine: Machine): number {
  if (machine.power === undefined) throw new Hopeless(`${machine.name} is off`);
  if (hasEnded(machine.power.process)) throw new Hopeless(`${machine.name} has died`);
  return machine.power.pid;
}

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
