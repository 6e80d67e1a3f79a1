import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { engineAnswers, sshdAnswers, systemAnswers } from "./answers.ts";
import { loopsOf, realFolders, releaseDisks } from "./disks.ts";
import { stateRoot } from "./home.ts";
import type { Machine } from "./machine.ts";
import { plug, unplug } from "./network.ts";
import { endOf, hasEnded, identify, killIfAlive, spawnTied, type Tied } from "./processes.ts";

/** Switches a machine on and waits until sshd and the engine answer. */
export function powerOn(machine: Machine): Promise<void> {
  return inTurn(machine, () => switchOn(machine));
}

async function switchOn(machine: Machine): Promise<void> {
  if (machine.power !== undefined) throw new Error(`${machine.name} is on already`);
  const { dir, name, network } = machine;
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"];
  const { address, privateAddress } = machine;
  const script = ["sh", scriptFile("machine.sh"), dir, name, address, privateAddress];
  const log = await open(join(dir, "console.log"), "a");
  try {
    const process = await spawnTied(
      network.dir,
      ["unshare", ...namespaces, ...script, network.hostAddress, ...rootBuilder(machine)],
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
    await Promise.all([
      sshdAnswers(machine),
      ...(machine.bare === undefined ? [] : [systemAnswers(machine)]),
      ...(machine.bare?.sort === "plain" ? [] : [engineAnswers(machine)]),
    ]);
  } catch (error) {
    throw new Error(`${name} did not come up; its console says:\n${await console()}`, {
      cause: error,
    });
  }
}

const scriptFile = (name: string): string => join(import.meta.dirname, name);

/** The command that builds a machine's root and becomes its init. */
function rootBuilder({ bare, dir, disk, index, name, network }: Machine): readonly string[] {
  const disks = disk === undefined ? [] : [disk];
  if (bare === undefined) return ["sh", scriptFile("host-root.sh"), dir, stateRoot(), ...disks];
  const grouped = ["sh", scriptFile("own-groups.sh"), network.prefix, name];
  const loops = loopsOf(network.net, index).join(" ");
  const layers = bare.layers.join(":");
  const builder = ["sh", scriptFile("bare-root.sh"), dir, layers, loops, realFolders.join(" ")];
  return [...grouped, ...builder, ...disks];
}

/** Pulls the plug: nothing gets a signal that it could handle. */
export function powerOff(machine: Machine): Promise<void> {
  return inTurn(machine, () => switchOff(machine));
}

async function switchOff(machine: Machine): Promise<void> {
  const { power } = machine;
  if (power === undefined) return;
  machine.power = undefined;
  // Its init is gone only after everything inside is, and its parent ends only after its init.
  if (!hasEnded(power.process)) killIfAlive(identify(power.pid));
  await endOf(power.process);
  await unplug(machine.network, machine.index);
  await release(machine);
}

/** A machine that ended on its own: by its own reboot command it comes back, otherwise it is off. */
function wentDown(machine: Machine, process: Tied, signal: string | null): Promise<void> {
  return inTurn(machine, async () => {
    if (machine.power?.process !== process) return; // switched off, and perhaps on again
    machine.power = undefined;
    await unplug(machine.network, machine.index);
    await release(machine);
    // How the kernel tells a reboot of a process namespace from a halt.
    if (signal === "SIGHUP") await switchOn(machine);
  }).catch(() => undefined); // whoever uses the machine finds it off
}

async function release({ bare, dir, index, network }: Machine): Promise<void> {
  if (bare === undefined) return;
  const loops = loopsOf(network.net, index);
  await releaseDisks([dir], (loop) => loops.includes(loop));
}

function inTurn(machine: Machine, work: () => Promise<void>): Promise<void> {
  const done = machine.turn.then(work);
  machine.turn = done.catch(() => undefined);
  return done;
}
