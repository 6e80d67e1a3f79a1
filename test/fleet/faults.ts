import { rm } from "node:fs/promises";
import { join } from "node:path";
import { engineAnswers, sshdAnswers } from "./answers.ts";
import { bareService, deployOn } from "./bare.ts";
import { execOn } from "./enter.ts";
import { powered, type Machine } from "./machine.ts";
import { powerOff, powerOn } from "./power.ts";
import { setCable } from "./network.ts";
import { must } from "./run.ts";
import type { MachineFaults } from "./types.ts";

export function faultsOf(machine: Machine): MachineFaults {
  const inside = async (argv: readonly string[], input = ""): Promise<void> => {
    const result = await execOn(machine, argv, { input });
    if (result.code !== 0)
      throw new Error(`${machine.name}: ${argv.join(" ")}: ${result.stderr.trim()}`);
  };
  const service = async (verb: string, name: string): Promise<void> =>
    machine.bare === undefined
      ? inside(["/etc/fleet/service.sh", verb, name])
      : inside(["sh", "-s", verb, name], await bareService());
  // With the host's own program, as a bare machine has none.
  const rules = async (text: string): Promise<void> => {
    const enter = ["nsenter", `--net=/proc/${powered(machine)}/ns/net`];
    await must([...enter, "nft", "-f", "-"], { input: text });
  };
  const filler = "/var/lib/docker/fleet-filler";
  return {
    kill: () => powerOff(machine),
    start: () => powerOn(machine),
    reinstall: async () => {
      if (machine.bare === undefined) throw new Error(`${machine.name} has this host's programs`);
      await powerOff(machine);
      for (const folder of ["upper", "work", "root", "data", "copy"])
        await rm(join(machine.dir, folder), { recursive: true, force: true });
      machine.hostKey = await machine.layOut();
      await powerOn(machine);
      if (machine.deploys) await deployOn(machine);
    },
    cut: (side) => setCable(machine.network, machine.index, "down", side),
    mend: (side) => setCable(machine.network, machine.index, "up", side),
    dropInput: (port) => rules(dropRules(port)),
    acceptInput: () => rules("table inet fleet_fault\ndelete table inet fleet_fault\n"),
    stopSshd: () => service("stop", "sshd"),
    startSshd: async () => {
      await service("start", "sshd");
      await sshdAnswers(machine);
    },
    stopDockerd: () => service("stop", "dockerd"),
    startDockerd: async () => {
      await service("start", "dockerd");
      await engineAnswers(machine);
    },
    freezeDockerd: () => service("freeze", "dockerd"),
    thawDockerd: async () => {
      await service("thaw", "dockerd");
      await engineAnswers(machine);
    },
    fillDisk: async () => {
      if (machine.disk === undefined)
        throw new Error(`${machine.name} has no disk of its own: boot it with diskMiB`);
      // Runs into the end of the disk, which is the point.
      await execOn(machine, ["dd", "if=/dev/zero", `of=${filler}`, "bs=1M"]);
      await execOn(machine, [
        "dd",
        "if=/dev/zero",
        `of=${filler}`,
        "bs=1k",
        "oflag=append",
        "conv=notrunc",
      ]);
    },
    freeDisk: () => inside(["rm", "-f", filler]),
  };
}

/** Before the engine's own address translation, so that published ports are hit as well. */
function dropRules(port: number): string {
  return `table inet fleet_fault {
  chain input { type filter hook prerouting priority -150; }
}
add rule inet fleet_fault input tcp dport ${port} drop
`;
}
