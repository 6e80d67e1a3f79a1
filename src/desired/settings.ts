import type { MachineDocument } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import type { Contents } from "./files.ts";
import { filesOfMachine } from "./settings/files.ts";
import { mountNames, mountsOn } from "./settings/mounts.ts";
import { packageNames, packagesOn } from "./settings/packages.ts";
import { rebootOn } from "./settings/reboot.ts";
import { sshdOn } from "./settings/sshd.ts";
import { swapOn } from "./settings/swap.ts";
import { sysctlOn } from "./settings/sysctl.ts";
import { timezoneOn } from "./settings/timezone.ts";
import { updatesOn } from "./settings/updates.ts";
import { usersOn } from "./settings/users.ts";

/** What a machine's own file says that the machine should be. */
export const settingsOn = (document: MachineDocument, contents: Contents): readonly Resource[] => [
  ...packagesOn(document),
  ...usersOn(document),
  ...filesOfMachine(document, contents),
  ...sysctlOn(document),
  ...timezoneOn(document),
  ...updatesOn(document),
  ...swapOn(document),
  ...mountsOn(document),
  ...sshdOn(document),
  ...rebootOn(document),
];

/** Where the engine's API listens, unless a machine's file says otherwise. */
export const defaultSocket = "/var/run/docker.sock";

/** By kind: the keys that it names, for kinds that are only asked of those. */
export const namedOn = ({ fields }: MachineDocument): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ["machine/packages", packageNames({ fields })],
    ["machine/files", Object.keys(fields.files ?? {})],
    ["machine/mounts", mountNames({ fields })],
    ["machine/swap", fields.swap === undefined ? [] : [fields.swap]],
    ["machine/updates", fields.updates === undefined ? [] : [fields.updates]],
    ["machine/timezone", fields.timezone === undefined ? [] : [fields.timezone]],
    ["machine/wireguard", fields.wireguard === undefined ? [] : ["declared"]],
    ["machine/sysctl", Object.keys(fields.sysctl ?? {})],
    ["machine/engine", [fields.engine?.socket ?? defaultSocket]],
    ["machine/firewall", fields.firewall === undefined ? [] : ["declared"]],
    ["machine/users", Object.keys(fields.users ?? {})],
    ["machine/reboot", fields.reboot === undefined ? [] : ["declared"]],
    ["machine/sshd", Object.keys(fields.sshd ?? {})],
  ]);
