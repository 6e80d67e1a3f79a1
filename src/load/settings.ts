import type { SlipwayFile } from "../generated/slipway.ts";
import type { Layers, RepoTree } from "./tree.ts";
import { assemble, type Assembly } from "./layers.ts";
import { nameLimit, nameProblem } from "./names.ts";
import { mergeLayers } from "./merge.ts";
import { emptyMap, keyWhereOf, nodeAt, startOf, unknownAt, type Node } from "./node.ts";
import { lacks, readingOf, unread, type Reading } from "./reading.ts";
import { soundPart } from "./sound.ts";

/** slipway.yaml, as far as it could be read. */
export interface Settings extends Reading<SlipwayFile> {
  /** With the environment: `acme-staging`; undefined where it is not said rightly. */
  readonly fleet: string | undefined;
  readonly appDefaults: Node | undefined;
  readonly machineDefaults: Node | undefined;
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

/** slipway.yaml, with its environment's laid over it. */
export function readSettings(
  tree: RepoTree,
  environment: string | undefined,
  by: Assembly,
): Settings {
  const { report } = by.findings;
  const texts = by.validators.of("slipway").textPaths;
  if (tree.settings.length === 0) {
    report(
      "settings-missing",
      startOf("slipway.yaml"),
      "there is no slipway.yaml here; it names the fleet, for example fleet: acme",
    );
    const nothing = unread<SlipwayFile>(startOf("slipway.yaml"), texts);
    return { ...nothing, fleet: undefined, appDefaults: undefined, machineDefaults: undefined };
  }
  const layers: Layers = { name: "slipway", folder: "", files: tree.settings };
  const assembled = assemble("slipway", layers, undefined, by).root;
  const root = assembled.kind === "map" ? soundPart("slipway", assembled, "merged", by) : assembled;
  const reading = readingOf<SlipwayFile>(root, texts);
  const { fields } = reading;
  if (lacks(root, ["fleet"]))
    report("missing-key", root.at, "slipway.yaml needs 'fleet', for example fleet: acme");
  const fleet =
    fields.fleet === undefined || environment === undefined
      ? fields.fleet
      : `${fields.fleet}-${environment}`;
  if (fleet !== undefined && fleet.length > nameLimit) {
    report(
      "name-too-long",
      keyWhereOf(root, ["fleet"]),
      `the fleet would be called '${fleet}', which is longer than ${nameLimit}`,
    );
  }
  return {
    ...reading,
    fleet,
    appDefaults: defaultsOf(root, "app"),
    machineDefaults: withUsers(defaultsOf(root, "machine"), root),
  };
}

/** Users of the whole fleet are each machine's, below all that is said of it. */
function withUsers(defaults: Node | undefined, root: Node): Node | undefined {
  const entry = root.kind === "map" ? root.entries.get("users") : undefined;
  if (entry === undefined) return defaults;
  const users: Node = { ...emptyMap(root.at), entries: new Map([["users", entry]]) };
  return defaults === undefined ? users : mergeLayers(users, defaults);
}

/** Nothing, a map, or unknown where it may be that something was meant to stand there. */
function defaultsOf(root: Node, kind: "app" | "machine"): Node | undefined {
  const defaults = root.kind === "map" ? nodeAt(root, ["defaults"]) : root;
  if (defaults === undefined) return undefined;
  return nodeAt(defaults, [kind]) ?? (lacks(defaults, [kind]) ? undefined : unknownAt(root.at));
}
