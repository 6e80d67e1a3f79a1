import { resourceAddress } from "../model/address.ts";
import type { MachineDocument } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import type { EngineSpec, EngineState } from "../kinds/index.ts";

const kind = "machine/engine";

/** A machine gets an engine where it has none; about one that was there before nothing is said, unless its file does. */
export function engineOn(
  { name: machine, fields, at }: MachineDocument,
  have: EngineState | undefined,
): readonly Resource[] {
  const { engine, ssh } = fields;
  const isOurs = have?.before?.installed === true;
  if (have === undefined || (have.there !== "none" && !isOurs && engine?.liveRestore !== true))
    return [];
  const user = ssh?.user ?? "root";
  const spec: EngineSpec = {
    install: engine?.install ?? true,
    liveRestore: engine?.liveRestore ?? false,
    ...(user === "root" ? {} : { user }),
  };
  const address = resourceAddress(machine, kind, undefined, "");
  return [{ address, kind, machine, name: "", spec, where: at(["engine"]) }];
}
