import type { MachineFile } from "../generated/machine.ts";
import { assemble, type Assembly } from "./layers.ts";
import type { Node } from "./node.ts";
import { readingOf, type Reading } from "./reading.ts";
import { soundPart } from "./sound.ts";
import type { Layers } from "./tree.ts";

/** One machine, as far as its files could be read. */
export interface Machine extends Reading<MachineFile> {
  readonly name: string;
  readonly guessed?: true;
}

export function readMachine(layers: Layers, defaults: Node | undefined, by: Assembly): Machine {
  const { name, root, guessed } = assemble("machine", layers, defaults, by);
  const sound = root.kind === "map" ? soundPart("machine", root, "merged", by) : root;
  const reading = readingOf<MachineFile>(sound, by.validators.of("machine").textPaths);
  if (reading.lacks(["address"])) {
    by.findings.report(
      "address-missing",
      root.at,
      `machine '${name}' needs an address for SSH, for example address: 203.0.113.10`,
    );
  }
  return { ...reading, name, ...(guessed === true ? { guessed } : {}) };
}
