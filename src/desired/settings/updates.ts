import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const updatesOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const { updates } = fields;
  if (updates === undefined) return [];
  return [
    {
      address: resourceAddress(machine, "machine/updates", undefined, ""),
      kind: "machine/updates",
      machine,
      name: "",
      spec: { updates },
      where: at(["updates"]),
    },
  ];
};
