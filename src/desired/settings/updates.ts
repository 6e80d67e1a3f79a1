import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

/** Of `NAME=VERSION`. */
const pinnedName = (text: string): string | undefined => /^([^=]+)=/.exec(text)?.[1];

export const updatesOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const { updates, packages = [] } = fields;
  if (updates === undefined) return [];
  const pinned = new Set(packages.flatMap((text) => pinnedName(text) ?? []));
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
