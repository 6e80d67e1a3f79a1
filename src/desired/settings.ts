import { resourceAddress } from "../model/address.ts";
import type { MachineDocument } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import { sshdOn } from "./settings/sshd.ts";
import { usersOn } from "./settings/users.ts";

/** What a machine's own file says that the machine should be. */
export function settingsOn(document: MachineDocument): readonly Resource[] {
  return [...usersOn(document), ...sysctlOn(document), ...sshdOn(document)];
}

/** Where the engine's API listens, unless a machine's file says otherwise. */
export const defaultSocket = "/var/run/docker.sock";

/** By kind: the keys that it names, for kinds that are only asked of those. */
export const namedOn = (document: MachineDocument): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ["machine/sysctl", Object.keys(document.fields.sysctl ?? {})],
    ["machine/engine", [document.fields.engine?.socket ?? defaultSocket]],
    ["machine/firewall", document.fields.firewall === undefined ? [] : ["declared"]],
    ["machine/users", Object.keys(document.fields.users ?? {})],
    ["machine/sshd", Object.keys(document.fields.sshd ?? {})],
  ]);

const sysctlOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] =>
  Object.entries(fields.sysctl ?? {}).map(([key, value]) => ({
    address: resourceAddress(machine, "machine/sysctl", undefined, key),
    kind: "machine/sysctl",
    machine,
    name: key,
    spec: { key, value: value.trim().replaceAll(/\s+/g, " ") },
    where: at(["sysctl", key]),
  }));
