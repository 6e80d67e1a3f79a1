import type { EngineState, FilesSpec, PublishedPort, WireguardState } from "../kinds/index.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { imageKey, type ImageReferences } from "../model/image.ts";
import type { MachinePaths } from "../model/paths.ts";
import type { Resource } from "../model/resource.ts";
import type { Bridge } from "./addresses.ts";
import {
  asFamily,
  formerApps,
  networkName,
  volumeName,
  type Belongings,
  type Naming,
} from "./belongings.ts";
import { familyNetwork, type Placement } from "./container.ts";
import { filesSpecs } from "./files.ts";
import { fieldsOn, type NamesTable } from "./names.ts";
import { placeOf, type SecretDigests } from "./secrets.ts";

/** What was observed of a machine that the compiling needs. */
export interface MachineContext {
  /** Its own key; while there is none, nothing has been written there and the plan is for display. */
  readonly key: string;
  readonly bridge: Bridge;
  /** Its container engine, as it was found. */
  readonly engine?: EngineState;
  /** Its part in the private network, as it was found. */
  readonly wireguard?: WireguardState;
  /** Undefined: not known. */
  readonly belongings: Belongings | undefined;
  /** Family that was renamed → its name when it was new there. */
  readonly madeAs: ReadonlyMap<string, string>;
  /** App → its instances that are in service, whatever becomes of them. */
  readonly inService: ReadonlyMap<string, readonly number[]>;
  /** App → ports of the machine that its containers in service have. */
  readonly published?: ReadonlyMap<string, readonly PublishedPort[]>;
  /** Apps that the machine's own line names; undefined: not known. */
  readonly named?: ReadonlySet<string>;
  /** Families that have worked there. */
  readonly proven: ReadonlySet<string>;
  /** By pool: other machines' proxies that its own one hands on to. */
  readonly handsOn: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A machine where an app still serves, though it is declared on others now. */
export interface LeavingPlace {
  readonly app: string;
  readonly machine: string;
  /** Others send there still; else only what is under way is finished. */
  readonly isReached: boolean;
}

export interface CompileInput {
  /** HEAD's: machines and settings. */
  readonly documents: Documents;
  /** The apps to run: HEAD's, or for a family that is held those of its good revision. */
  readonly apps: readonly AppDocument[];
  readonly machines: ReadonlyMap<string, MachineContext>;
  /** Apps are left out where theirs is missing. */
  readonly images: ImageReferences;
  /** What the name of the proxies' image means; absent: nobody could say. */
  readonly proxyImage?: string;
  /** Blob → sha256 of its bytes. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly secrets: SecretDigests;
  /** Apps that go on running without being declared so: they are named, and nothing else. */
  readonly staying?: readonly AppDocument[];
  /** Apps that go from where they still serve. */
  readonly leaving?: readonly LeavingPlace[];
  /** The machine that others send nothing to where somebody else can do it. */
  readonly resting?: string;
  /** Families that never worked: nobody is to find them. */
  readonly unnamed?: ReadonlySet<string>;
  /** Family → digests of its releases that any machine remembers: what ran once does not run again elsewhere. */
  readonly released?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Family → names that it had, nearest first: those that nobody has, and all. */
  readonly renames: Renames;
}

type Renames = Readonly<Record<"former" | "past", ReadonlyMap<string, readonly string[]>>>;

export interface Compiled {
  readonly resources: readonly Resource[];
  readonly awaiting: readonly {
    readonly address: string;
    readonly family?: string;
    readonly on: string;
  }[];
}

/** Made once for all machines. */
export interface Work extends CompileInput {
  readonly table: NamesTable;
  readonly paths: MachinePaths;
}

/** Where its volumes are is not known: none is made beside them. */
export const isUnclear = (
  app: AppDocument,
  context: MachineContext,
  input: CompileInput,
): boolean => context.belongings === undefined && input.renames.former.has(app.family);

export const filesOn = (
  app: AppDocument,
  machine: string,
  { key, madeAs }: MachineContext,
  contents: CompileInput,
): readonly FilesSpec[] =>
  filesSpecs(app, machine, key, contents, asFamily(app, madeAs.get(app.family) ?? app.family).name);

export const formerOf = (
  app: AppDocument,
  { apps, renames }: CompileInput,
): readonly AppDocument[] => formerApps(app, renames.former.get(app.family) ?? [], apps);

export const namingOf = (
  family: string,
  context: MachineContext,
  { renames }: CompileInput,
): Naming => ({
  family,
  formerly: renames.former.get(family) ?? [],
  past: renames.past,
  belongings: context.belongings,
});

export function referenceOf(
  app: AppDocument,
  machine: string,
  images: ImageReferences,
): string | undefined {
  const { image } = fieldsOn(app, machine);
  return image === undefined ? undefined : images.get(imageKey(app.name, image));
}

export function placementOf(
  app: AppDocument,
  machine: string,
  context: MachineContext,
  image: string,
  files: readonly FilesSpec[],
  input: Work,
): Placement {
  const naming = namingOf(app.family, context, input);
  const { fleet } = input.documents;
  return {
    fleet,
    revision: input.documents.revision,
    machine,
    paths: input.paths,
    image,
    privateAddress: input.table.machines.get(machine)?.address,
    gateway: context.bridge.gateway,
    addressOf: () => undefined,
    volumeName: (volume) => volumeName(volume, naming).name,
    familyNetwork: networkName((family) => familyNetwork(fleet, family), naming).name,
    pools: [],
    formerly: formerOf(app, input),
    files,
    fingerprint: (text) => input.secrets.fingerprint(text, context.key),
  };
}

export const resourceOf = (
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
  where: placeOf(app, path),
  at: (field) => placeOf(app, field),
});
