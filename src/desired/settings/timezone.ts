import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const timezoneOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const { timezone: zone } = fields;
  if (zone === undefined) return [];
  return [
    {
      address: resourceAddress(machine, "machine/timezone", undefined, ""),
      kind: "machine/timezone",
      machine,
      name: "",
      spec: { zone },
      where: at(["timezone"]),
    },
  ];
};
