import { join } from "node:path";
import type { Fleet } from "../fleet/fleet.ts";
import { must } from "../fleet/run.ts";

/** Plain OpenSSH to each machine over a connection that is open already, as who works by hand would have it. */
export interface WarmSsh {
  /** The words before a command for this machine. */
  argv(machine: string): readonly string[];
  close(): Promise<void>;
}

export async function openWarmSsh(fleet: Fleet): Promise<WarmSsh> {
  const argv = (machine: string): readonly string[] => {
    const options = [
      `UserKnownHostsFile=${fleet.knownHostsFile}`,
      "BatchMode=yes",
      "ControlMaster=auto",
      `ControlPath=${join(fleet.dir, `mux-${machine}`)}`,
      "ControlPersist=600",
    ];
    const flags = options.flatMap((option) => ["-o", option]);
    const login = `root@${fleet.machine(machine).address}`;
    return ["ssh", "-F", "none", ...flags, "-i", fleet.sshKeyFile, login];
  };
  const machines = Object.keys(fleet.machines);
  for (const machine of machines) {
    // What stays in the background must not keep our pipes.
    const [ssh = "", ...more] = argv(machine);
    await must([ssh, "-M", "-N", "-f", ...more]);
  }
  return {
    argv,
    close: async () => {
      for (const machine of machines) {
        const [ssh = "", ...more] = argv(machine);
        await must([ssh, "-O", "exit", ...more]);
      }
    },
  };
}

/** A word for sh. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const shellLine = (argv: readonly string[]): string => argv.map(shellWord).join(" ");
