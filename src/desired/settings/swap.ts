import { parseSize } from "../../lib/size.ts";
import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const swapOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const { swap } = fields;
  if (swap === undefined) return [];
  return [
    {
      address: resourceAddress(machine, "machine/swap", undefined, ""),
      kind: "machine/swap",
      machine,
      name: "",
      spec: { bytes: parseSize(swap) },
      where: at(["swap"]),
    },
  ];
};
