import type { MachineFile } from "../generated/machine.ts";
import type { MachineDocument } from "../model/documents.ts";
import { assemble, check, type Assembly } from "./layers.ts";
import { locatorOf, type MapNode } from "./node.ts";
import { plainOf } from "./plain.ts";
import type { Layers } from "./tree.ts";

/** One machine's document; undefined where its file is not right, with findings. */
export function readMachine(
  layers: Layers,
  defaults: MapNode | undefined,
  by: Assembly,
): MachineDocument | undefined {
  const { name, root } = assemble("machine", layers, defaults, by);
  if (root === undefined || !check("machine", root, false, by)) return undefined;
  const fields = plainOf(root, by.validators.of("machine").textPaths) as unknown as MachineFile;
  const { address } = fields;
  if (address === undefined) {
    by.findings.report(
      "address-missing",
      root.at,
      `machine '${name}' needs an address for SSH, for example address: 203.0.113.10`,
    );
    return undefined;
  }
  return { name, fields: { ...fields, address }, at: locatorOf(root) };
}
