import { parsePackage } from "../../lib/package.ts";
import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

/** Each for itself; what is missing of all comes by one run. */
export const packagesOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const all = fields.packages ?? [];
  return all.map((text, index) => {
    const one = parsePackage(text);
    return {
      address: resourceAddress(machine, "machine/packages", undefined, one.name),
      kind: "machine/packages",
      machine,
      name: one.name,
      spec: { ...one, all },
      where: at(["packages", index]),
    };
  });
};

export const packageNames = ({ fields }: Pick<MachineDocument, "fields">): readonly string[] =>
  (fields.packages ?? []).map((text) => parsePackage(text).name);
