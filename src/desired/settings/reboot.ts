import type { RebootSpec } from "../../kinds/index.ts";
import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";
import { milliseconds } from "../units.ts";

const deadlineDefault = "10m";

export const rebootOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] => {
  if (fields.reboot === undefined) return [];
  const { window, deadline = deadlineDefault } = fields.reboot;
  const spec: RebootSpec = {
    window: {
      schedule: window.schedule,
      forMs: milliseconds(window.for),
      timezone: window.timezone ?? "UTC",
    },
    deadlineMs: milliseconds(deadline),
  };
  return [
    {
      address: resourceAddress(machine, "machine/reboot", undefined, ""),
      kind: "machine/reboot",
      machine,
      name: "",
      spec,
      where: at(["reboot"]),
    },
  ];
};
