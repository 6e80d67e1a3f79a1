import { parsePackage } from "../../lib/package.ts";
import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const updatesOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const { updates, packages = [] } = fields;
  if (updates === undefined) return [];
  const atVersion = packages.map(parsePackage).filter(({ version }) => version !== undefined);
  const pinned = new Set(atVersion.map(({ name }) => name));
  return [
    {
      address: resourceAddress(machine, "machine/updates", undefined, ""),
      kind: "machine/updates",
      machine,
      name: "",
      spec: { updates, ...(pinned.size === 0 ? {} : { pinned: [...pinned].toSorted() }) },
      where: at(["updates"]),
    },
  ];
};
