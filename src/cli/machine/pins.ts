import { withTopText } from "../../load/edit.ts";
import { UserError } from "../trouble.ts";
import type { MachineFile } from "./files.ts";

/** What a machine is known by. */
export interface Pins {
  readonly hostKey?: string;
  readonly machineId?: string;
}

/** The text of a machine's file with these pinned, all else as it is. Throws UserError where that cannot be done. */
export function withPins({ path, text }: MachineFile, pins: Pins): string {
  return Object.entries(pins).reduce((before, [key, value]: readonly [string, string]) => {
    const after = withTopText(before, key, value);
    if (after !== undefined) return after;
    throw new UserError("refused", `${path} cannot be edited`, `Write into it: ${key}: ${value}`);
  }, text);
}
