import type { MountSpec } from "../../kinds/index.ts";
import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";

export const mountsOn = ({ name: machine, fields, at }: MachineDocument): readonly Resource[] =>
  Object.entries(fields.mounts ?? {}).map(
    ([path, { device, type, options = "defaults", format }]) => {
      const spec: MountSpec = {
        path,
        device,
        type,
        options,
        ...(format === true ? { format } : {}),
      };
      const name = path.slice(1);
      return {
        address: resourceAddress(machine, "machine/mounts", undefined, name),
        kind: "machine/mounts",
        machine,
        name,
        spec,
        where: at(["mounts", path]),
        at: (field) => at(["mounts", path, ...field]),
      };
    },
  );

/** What the machine is to look for: where, and the device. */
export const mountNames = ({ fields }: Pick<MachineDocument, "fields">): readonly string[] =>
  Object.entries(fields.mounts ?? {}).map(([path, { device }]) => `${path} ${device}`);
