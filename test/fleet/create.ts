import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyRoot, prepareBareRoot } from "./bare.ts";
import { dockerOn, execOn } from "./enter.ts";
import { faultsOf } from "./faults.ts";
import type { Machine } from "./machine.ts";
import { privateAddress, publicAddress, type Network } from "./network.ts";
import { prepareRoot } from "./root.ts";
import { must } from "./run.ts";
import { bareLayers } from "./tree.ts";
import type { FleetMachine, MachineOptions } from "./types.ts";

/** Lays out a machine's files; it is still off. */
export async function createMachine(
  options: MachineOptions,
  index: number,
  fleetDir: string,
  network: Network,
  authorizedKey: string,
  packages = false,
): Promise<Machine> {
  const { name, diskMiB, bare: sort, os = "debian-12", copied } = options;
  const dir = join(fleetDir, "machines", name);
  await mkdir(dir, { recursive: true });
  const { prefix, net, hostAddress } = network;
  const address = publicAddress(net, 11 + index);
  const insecureRegistry = `${hostAddress}:5000`;
  const plan = { dir, name, prefix, address, hostAddress, authorizedKey, insecureRegistry };
  const bare = sort && { sort, layers: await bareLayers(sort, os) };
  const layOut = async (): Promise<string> => {
    if (bare === undefined) return await prepareRoot(plan);
    const hostKey = await prepareBareRoot(plan, bare.sort, packages);
    if (copied === true) await copyRoot(dir, bare.layers);
    return hostKey;
  };
  const disk = diskMiB === undefined ? undefined : await makeDisk(join(dir, "disk"), diskMiB);
  return {
    name,
    index,
    dir,
    network,
    address,
    privateAddress: privateAddress(net, 11 + index),
    hostKey: await layOut(),
    disk,
    bare,
    layOut,
    deploys: options.deploy === true && bare !== undefined,
    power: undefined,
    turn: Promise.resolve(),
  };
}

async function makeDisk(file: string, mib: number): Promise<string> {
  await writeFile(file, "");
  await truncate(file, mib * 1024 * 1024);
  await must(["/usr/sbin/mkfs.ext4", "-q", "-m", "0", file]);
  return file;
}

/** The machine as tests see it. */
export function present(machine: Machine): FleetMachine {
  return {
    name: machine.name,
    address: machine.address,
    privateAddress: machine.privateAddress,
    get hostKey() {
      return machine.hostKey;
    },
    bare: machine.bare?.sort,
    pid: () => machine.power?.pid,
    exec: (argv, options) => execOn(machine, argv, options),
    docker: (argv, options) => dockerOn(machine, argv, options),
    faults: faultsOf(machine),
  };
}
