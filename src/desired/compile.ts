import { digestOf, shortHash } from "../lib/hash.ts";
import type { AddressRange } from "../lib/subnet.ts";
import { engineVolumeName, volumesOf } from "../lib/volumes.ts";
import { wordsOf } from "../lib/words.ts";
import type { ContainerSpec, FilesSpec, ReleaseSpec } from "../kinds/index.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { imageKey, type ImageReferences } from "../model/image.ts";
import { machinePaths, type MachinePaths } from "../model/paths.ts";
import type { Resource } from "../model/resource.ts";
import { addressBook, type Bridge } from "./addresses.ts";
import { containerSpec, familyNetwork, fleetNetwork, type Placement } from "./container.ts";
import { filesSpecs } from "./files.ts";
import { fieldsOn, instancesOn, namesFor, namesTable, type NamesTable } from "./names.ts";
import { milliseconds } from "./units.ts";

/** What was observed of a machine that the compiling needs. */
export interface MachineContext {
  /** Its own key; while there is none, nothing has been written there and the plan is for display. */
  readonly key: string;
  readonly bridge: Bridge;
}

export interface CompileInput {
  /** HEAD's: machines and settings. */
  readonly documents: Documents;
  /** The apps to run: HEAD's, or for a family that is held those of its good revision. */
  readonly apps: readonly AppDocument[];
  readonly machines: ReadonlyMap<string, MachineContext>;
  /** Apps are left out where theirs is missing. */
  readonly images: ImageReferences;
  /** Blob → sha256 of its bytes. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Family → the name its containers and volumes were made under. */
  readonly formerly: ReadonlyMap<string, string>;
}

export interface Compiled {
  readonly resources: readonly Resource[];
  readonly awaiting: readonly {
    readonly address: string;
    readonly family: string;
    readonly on: string;
  }[];
}

/** Made once for all machines. */
interface Work extends CompileInput {
  readonly table: NamesTable;
  readonly paths: MachinePaths;
}

/** Documents → resources with addresses, for every machine that has a context. */
export function compile(input: CompileInput): Compiled {
  const resources: Resource[] = [];
  const awaiting: Compiled["awaiting"][number][] = [];
  const { fleet, machines } = input.documents;
  const paths = machinePaths(fleet);
  const table = namesTable(fleet, machines, input.apps);
  const work: Work = { ...input, table, paths };
  const placedOn = placements(input.apps);
  for (const [machine, context] of input.machines) {
    const placed = placedOn.get(machine) ?? [];
    const addressOf = addressBook(context.bridge);
    resources.push(...machineResources(machine, context, placed, table));
    const shared = new Set<string>();
    for (const app of placed) {
      const image = referenceOf(app, machine, input.images);
      if (image === undefined) continue;
      const files = filesSpecs(app, machine, context.key, input.hashes);
      const at = { ...placementOf(app, machine, context, image, files, work), addressOf };
      resources.push(
        ...sharedOf(app, machine, at, input).filter(({ kind, name, spec }) => {
          const thing = digestOf({ kind, name, spec });
          return !shared.has(thing) && shared.add(thing);
        }),
        ...supports(app, machine, image, files),
      );
      for (let n = 1; n <= instancesOn(app, machine); n++) {
        const spec = containerSpec(app, n, at);
        const address = resourceAddress(machine, "app/container", app.name, String(n));
        if (spec === undefined)
          awaiting.push({ address, family: app.family, on: fleetNetwork(fleet) });
        else resources.push(resourceOf(machine, "app/container", String(n), spec, app, ["image"]));
      }
    }
    resources.push(...releases(machine, context, placed, work));
  }
  return { resources, awaiting };
}

function referenceOf(
  app: AppDocument,
  machine: string,
  images: ImageReferences,
): string | undefined {
  const { image } = fieldsOn(app, machine);
  return image === undefined ? undefined : images.get(imageKey(app.name, image));
}

function placements(apps: readonly AppDocument[]): ReadonlyMap<string, readonly AppDocument[]> {
  const placed = new Map<string, AppDocument[]>();
  for (const app of apps) {
    for (const machine of app.machines) placed.set(machine, [...(placed.get(machine) ?? []), app]);
  }
  return placed;
}

function placementOf(
  app: AppDocument,
  machine: string,
  context: MachineContext,
  image: string,
  files: readonly FilesSpec[],
  input: Work,
): Placement {
  return {
    fleet: input.documents.fleet,
    revision: input.documents.revision,
    machine,
    paths: input.paths,
    image,
    privateAddress: input.table.machines.get(machine)?.address,
    gateway: context.bridge.gateway,
    addressOf: () => undefined,
    formerly: input.formerly.get(app.family),
    files: new Map(files.map((f) => [f.target, f.digest])),
  };
}

/** What belongs to the machine as a whole: the fleet's bridge and names. A machine without apps needs only names. */
function machineResources(
  machine: string,
  context: MachineContext,
  placed: readonly AppDocument[],
  table: NamesTable,
): readonly Resource[] {
  const names = namesFor(machine, table, context.bridge);
  const named: Resource = {
    address: resourceAddress(machine, "machine/names", undefined, ""),
    kind: "machine/names",
    machine,
    name: "",
    spec: names,
  };
  if (placed.length === 0) return [named];
  const { range } = context.bridge;
  return [networkResource(machine, fleetNetwork(table.fleet), undefined, range), named];
}

const networkResource = (
  machine: string,
  network: string,
  app: AppDocument | undefined,
  range?: AddressRange,
): Resource => ({
  address: resourceAddress(machine, "app/network", app?.family, network),
  kind: "app/network",
  machine,
  name: network,
  spec: {
    network,
    ...(app === undefined ? {} : { app: app.family, family: app.family }),
    ...(range === undefined ? {} : { range }),
  },
  ...(app === undefined ? {} : { app: app.family, family: app.family, where: app.at([]) }),
});

/** What the services of an app file have in common: their bridge and volumes. */
function sharedOf(
  app: AppDocument,
  machine: string,
  at: Placement,
  input: CompileInput,
): readonly Resource[] {
  const fields = fieldsOn(app, machine);
  const { family } = app;
  const volumes = volumesOf(fields.volumes)
    .filter((v) => v.kind === "named")
    .map((v): Resource => {
      const engineName = engineVolumeName(at.formerly ?? family, v);
      return {
        address: resourceAddress(machine, "app/volume", family, v.source),
        kind: "app/volume",
        machine,
        app: family,
        family,
        name: v.source,
        spec: { app: family, family, volume: v.source, engineName },
        where: app.at(["volumes", v.source]),
      };
    });
  const isBridged = app.service !== undefined && fields.network !== "host";
  return isBridged
    ? [networkResource(machine, familyNetwork(input.documents.fleet, family), app), ...volumes]
    : volumes;
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

/** One release for each distinct image and command of a family, on its first machine. */
function releases(
  machine: string,
  context: MachineContext,
  placed: readonly AppDocument[],
  input: Work,
): readonly Resource[] {
  const found = new Map<string, Resource>();
  for (const app of placed) {
    const { release } = fieldsOn(app, machine);
    const image = referenceOf(app, machine, input.images);
    if (release === undefined || image === undefined) continue;
    const family = input.apps.filter((a) => a.family === app.family);
    if (family.flatMap((a) => a.machines).toSorted()[0] !== machine) continue;
    const command = wordsOf(release.command);
    const digest = digestOf({ image, command });
    const files = filesSpecs(app, machine, context.key, input.hashes);
    const at = placementOf(app, machine, context, image, files, input);
    const container = containerSpec(app, 1, { ...at, gateway: at.gateway ?? "127.0.0.1" });
    if (container === undefined || found.has(`${app.family} ${digest}`)) continue;
    const spec: ReleaseSpec = {
      family: app.family,
      app: app.name,
      digest,
      container: {
        ...container,
        networks: withoutNames(container.networks),
        command,
        ports: [],
        restart: "no",
        running: true,
        probe: "off",
      },
      deadlineMs: milliseconds(release.deadline ?? "5m"),
    };
    found.set(
      `${app.family} ${digest}`,
      resourceOf(machine, "app/release", shortHash(digest), spec, app, ["release"]),
    );
  }
  return [...found.values()];
}

/** It serves nothing: nobody is to find it under the app's name. */
const withoutNames = (networks: ContainerSpec["networks"]): ContainerSpec["networks"] =>
  networks === "host" ? networks : networks.map(({ name }) => ({ name, aliases: [] }));

const resourceOf = (
  machine: string,
  kind: string,
  name: string,
  spec: unknown,
  app: AppDocument,
  path: readonly string[],
): Resource => ({
  address: resourceAddress(machine, kind, app.name, name),
  kind,
  machine,
  app: app.name,
  family: app.family,
  name,
  spec,
  where: app.at(path),
  at: (field) => app.at(field),
});
