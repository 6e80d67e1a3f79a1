import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

/** The fleet's, with the machine's own laid over them. */
export const usersOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] =>
  Object.entries(fields.users ?? {}).map(([name, { keys, sudo, groups, shell }]) => ({
    address: resourceAddress(machine, "machine/users", undefined, name),
    kind: "machine/users",
    machine,
    name,
    spec: {
      name,
      groups: groups ?? [],
      ...(keys === undefined ? {} : { keys: [...new Set(keys.map((key) => key.trim()))] }),
      ...(sudo === undefined ? {} : { sudo }),
      ...(shell === undefined ? {} : { shell }),
    },
    where: at(["users", name]),
    at: (field) => at(["users", name, ...field]),
  }));
