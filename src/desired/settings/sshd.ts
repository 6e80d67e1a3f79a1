import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const sshdOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  const settings = fields.sshd ?? {};
  if (Object.keys(settings).length === 0) return [];
  return [
    {
      address: resourceAddress(machine, "machine/sshd", undefined, ""),
      kind: "machine/sshd",
      machine,
      name: "",
      spec: { settings },
      where: at(["sshd"]),
      at: (field) => at(["sshd", ...field]),
    },
  ];
};
