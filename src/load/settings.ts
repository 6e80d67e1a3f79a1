import type { SlipwayFile } from "../generated/slipway.ts";
import type { Layers, RepoTree } from "./tree.ts";
import { assemble, check, type Assembly } from "./layers.ts";
import { nameLimit, nameProblem } from "./names.ts";
import { keyWhereOf, mapAt, nodeAt, startOf, type MapNode } from "./node.ts";
import { plainOf } from "./plain.ts";

export interface Settings {
  /** With the environment: `acme-staging`. */
  readonly fleet: string;
  readonly fields: SlipwayFile & { readonly fleet: string };
  readonly appDefaults: MapNode | undefined;
  readonly machineDefaults: MapNode | undefined;
}

/** The fleet's name, also where something else in slipway.yaml is not right: who is told about findings goes by it. */
export function fleetOf(
  tree: RepoTree,
  environment: string | undefined,
  { files }: Pick<Assembly, "files">,
): string | undefined {
  const named = tree.settings.flatMap(({ path }) => {
    const root = files.get(path)?.root;
    const fleet = root === undefined ? undefined : nodeAt(root, ["fleet"]);
    return fleet?.kind === "scalar" && nameProblem(fleet.source) === undefined
      ? [fleet.source]
      : [];
  });
  const fleet = named.at(-1);
  return fleet === undefined || environment === undefined ? fleet : `${fleet}-${environment}`;
}

/** slipway.yaml, with its environment's laid over it; undefined where it is not right, with findings. */
export function readSettings(
  tree: RepoTree,
  environment: string | undefined,
  by: Assembly,
): Settings | undefined {
  const { report } = by.findings;
  if (tree.settings.length === 0) {
    report(
      "settings-missing",
      startOf("slipway.yaml"),
      "there is no slipway.yaml here; it names the fleet, for example fleet: acme",
    );
    return undefined;
  }
  const layers: Layers = { name: "slipway", folder: "", files: tree.settings };
  const { root } = assemble("slipway", layers, undefined, by);
  if (root === undefined || !check("slipway", root, false, by)) return undefined;
  const fields = plainOf(root, by.validators.of("slipway").textPaths) as unknown as SlipwayFile;
  if (fields.fleet === undefined) {
    report("missing-key", root.at, "slipway.yaml needs 'fleet', for example fleet: acme");
    return undefined;
  }
  const fleet = environment === undefined ? fields.fleet : `${fields.fleet}-${environment}`;
  if (fleet.length > nameLimit) {
    report(
      "name-too-long",
      keyWhereOf(root, ["fleet"]),
      `the fleet would be called '${fleet}', which is longer than ${nameLimit}`,
    );
  }
  return {
    fleet,
    fields: { ...fields, fleet: fields.fleet },
    appDefaults: mapAt(root, ["defaults", "app"]),
    machineDefaults: mapAt(root, ["defaults", "machine"]),
  };
}
