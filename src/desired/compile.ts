import type { FilesSpec } from "../kinds/index.ts";
import { digestOf } from "../lib/hash.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument } from "../model/documents.ts";
import { machinePaths } from "../model/paths.ts";
import type { Resource } from "../model/resource.ts";
import { addressBook } from "./addresses.ts";
import { containerSpec, fleetNetwork } from "./container.ts";
import { fieldsOn, instancesOn, namesTable } from "./names.ts";
import { dueReleases, releaseResource } from "./release.ts";
import { machineResources, sharedOf } from "./shared.ts";
import {
  filesOn,
  isUnclear,
  placementOf,
  referenceOf,
  resourceOf,
  type Compiled,
  type CompileInput,
  type Work,
} from "./work.ts";

/** Documents → resources with addresses, for every machine that has a context. */
export function compile(input: CompileInput): Compiled {
  const resources: Resource[] = [];
  const awaiting: Compiled["awaiting"][number][] = [];
  const { fleet, machines } = input.documents;
  const paths = machinePaths(fleet);
  const table = namesTable(fleet, machines, input.apps);
  const work: Work = { ...input, table, paths };
  const placedOn = placements(input.apps);
  const releases = Map.groupBy(dueReleases(input), ({ machine }) => machine);
  for (const [machine, context] of input.machines) {
    const placed = placedOn.get(machine) ?? [];
    const addressOf = addressBook(context.bridge);
    resources.push(...machineResources(machine, context, placed, work));
    const shared = new Set<string>();
    for (const app of placed) {
      const image = referenceOf(app, machine, input.images);
      if (image === undefined) continue;
      const files = filesOn(app, machine, context, input);
      const at = { ...placementOf(app, machine, context, image, files, work), addressOf };
      resources.push(
        ...sharedOf(app, machine, context, input).filter(({ kind, name, spec }) => {
          const thing = digestOf({ kind, name, spec });
          return !shared.has(thing) && shared.add(thing);
        }),
        ...supports(app, machine, image, files),
      );
      for (let n = 1; n <= instancesOn(app, machine); n++) {
        const spec = containerSpec(app, n, at);
        const address = resourceAddress(machine, "app/container", app.name, String(n));
        if (spec === undefined || isUnclear(app, context, input))
          awaiting.push({ address, family: app.family, on: fleetNetwork(fleet) });
        else resources.push(resourceOf(machine, "app/container", String(n), spec, app, ["image"]));
      }
    }
    for (const due of releases.get(machine) ?? [])
      resources.push(...releaseResource(due, context, work));
  }
  return { resources, awaiting };
}

function placements(apps: readonly AppDocument[]): ReadonlyMap<string, readonly AppDocument[]> {
  const placed = new Map<string, AppDocument[]>();
  for (const app of apps) {
    for (const machine of app.machines) placed.set(machine, [...(placed.get(machine) ?? []), app]);
  }
  return placed;
}

function supports(
  app: AppDocument,
  machine: string,
  reference: string,
  files: readonly FilesSpec[],
): readonly Resource[] {
  const { image: text = "" } = fieldsOn(app, machine);
  const image = { app: app.name, family: app.family, text, reference };
  return [
    resourceOf(machine, "app/image", "", image, app, ["image"]),
    ...files.map((f) =>
      resourceOf(machine, "app/files", f.target.slice(1), f, app, ["files", f.target]),
    ),
  ];
}
