import type { MachineFile } from "../machine/files.ts";
import { UserError } from "../trouble.ts";

interface Seen {
  readonly hostKey: string;
  readonly machineId?: string | undefined;
  /** The name that it is to have. */
  readonly name?: string | undefined;
}

/**
 * The file that is this machine's already. Throws UserError where another machine has its host key, or where it has another
 * name than it is to have.
 */
export function knownMachine(
  all: readonly MachineFile[],
  { hostKey, machineId, name }: Seen,
): MachineFile | undefined {
  const shown = all.filter((file) => file.hostKey === hostKey);
  const known =
    shown.find((file) => file.machineId === machineId) ??
    shown.find((file) => file.machineId === undefined || machineId === undefined);
  const [other] = shown;
  if (known === undefined && other !== undefined)
    throw new UserError(
      "refused",
      `it shows the host key of ${other.path} and another machine-id: ${machineId} instead of ${other.machineId}; two machines that share a host key cannot be told apart`,
      `A copied disk needs host keys of its own first: rm /etc/ssh/ssh_host_* && ssh-keygen -A. Where it is that machine: slipway machine accept ${other.name}`,
    );
  if (known !== undefined && name !== undefined && name !== known.name)
    throw new UserError(
      "refused",
      `it shows the host key of ${known.path}: it is that machine`,
      `Leave out --name, or rename the file first: git mv ${known.path} ${known.path.replace(/[^/]*$/, `${name}.yaml`)}`,
    );
  return known;
}
