import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reapDead, removeRemains } from "./cleanup.ts";
import { startGit } from "./git-server.ts";
import { deployOn, packagesPort } from "./bare.ts";
import { claimPrefix, randomPrefix } from "./home.ts";
import { imagesFor } from "./images.ts";
import { createMachine, present } from "./create.ts";
import type { Machine } from "./machine.ts";
import { powerOff, powerOn } from "./power.ts";
import { every } from "./wait.ts";
import { closeNetwork, openNetwork, type Network } from "./network.ts";
import { startPackages } from "./packages.ts";
import { startRegistry } from "./registry.ts";
import { must } from "./run.ts";
import type { Fleet, FleetMachine, FleetOptions } from "./types.ts";

export type * from "./types.ts";
export { reapDead } from "./cleanup.ts";

/** Boots real machines; resolves when every sshd and every engine answers. */
export async function bootFleet(options: FleetOptions): Promise<Fleet> {
  await reapDead();
  const prefix = options.prefix ?? randomPrefix();
  const dir = await claimPrefix(prefix);
  const undo: (() => Promise<void>)[] = [() => removeRemains(prefix, options.keepState)];
  const down = async (): Promise<void> => {
    const troubles: unknown[] = [];
    for (const step of undo.splice(0).reverse())
      await step().catch((error: unknown) => troubles.push(error));
    if (troubles.length > 0)
      throw new AggregateError(troubles, `fleet ${prefix} did not go down cleanly`);
  };
  try {
    const sshKeyFile = join(dir, "id_ed25519");
    const [network] = await every([
      openNetwork(prefix, dir),
      must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", prefix, "-f", sshKeyFile]),
    ]);
    undo.push(() => closeNetwork(network));
    const [machines, services] = await every([
      bootMachines(options, dir, network, await readFile(`${sshKeyFile}.pub`, "utf8"), undo),
      startServices(options, dir, network.hostAddress, undo),
    ]);
    const knownHostsFile = join(dir, "known_hosts");
    await writeFile(
      knownHostsFile,
      machines.map((one) => `${one.address} ${one.hostKey}\n`).join(""),
    );
    const byName = Object.fromEntries(machines.map((one) => [one.name, present(one)]));
    const machine = (name: string): FleetMachine => {
      const found = byName[name];
      if (found === undefined) throw new Error(`no machine ${name} in this fleet`);
      return found;
    };
    const { hostAddress } = network;
    return {
      prefix,
      dir,
      hostAddress,
      machines: byName,
      machine,
      sshKeyFile,
      knownHostsFile,
      ...services,
      down,
    };
  } catch (error) {
    await down();
    throw error;
  }
}

async function bootMachines(
  options: FleetOptions,
  dir: string,
  network: Network,
  authorizedKey: string,
  undo: (() => Promise<void>)[],
): Promise<Machine[]> {
  const machines = await every(
    options.machines.map((one, index) =>
      createMachine(
        typeof one === "string" ? { name: one } : one,
        index,
        dir,
        network,
        authorizedKey,
        options.packages,
      ),
    ),
  );
  undo.push(async () => {
    await every(machines.map(powerOff));
  });
  await every(machines.map(powerOn));
  await every(machines.filter(({ deploys }) => deploys).map(deployOn));
  return machines;
}

type Services = Pick<Fleet, "registry" | "images" | "git" | "packages">;

async function startServices(
  options: FleetOptions,
  dir: string,
  hostAddress: string,
  undo: (() => Promise<void>)[],
): Promise<Services> {
  const services: { -readonly [K in keyof Services]: Services[K] } = {};
  if (options.registry !== false) {
    const { registry, socket, stop } = await startRegistry(dir, hostAddress);
    undo.push(stop);
    services.registry = registry;
    services.images = imagesFor(socket, registry.address);
  }
  if (options.git !== false) {
    const { git, stop } = await startGit(dir, hostAddress);
    undo.push(stop);
    services.git = git;
  }
  if (options.packages === true) {
    const { packages, stop } = await startPackages(hostAddress, packagesPort);
    undo.push(stop);
    services.packages = packages;
  }
  return services;
}
