import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const sysctlOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] =>
  Object.entries(fields.sysctl ?? {}).map(([key, value]) => ({
    address: resourceAddress(machine, "machine/sysctl", undefined, key),
    kind: "machine/sysctl",
    machine,
    name: key,
    spec: { key, value: value.trim().replaceAll(/\s+/g, " ") },
    where: at(["sysctl", key]),
  }));
