import type { AppFields, AppFile } from "../generated/app.ts";
import type { Where } from "../model/diagnostic.ts";
import { idleNullReporter, type Assembled, type Assembly } from "./layers.ts";
import { without } from "./merge.ts";
import { locatorOf, nodeAt, type MapNode, type Node } from "./node.ts";
import { collectIdleNulls, inherits, withPart, type IdleNulls } from "./parts.ts";
import { lacks, readingOf, unread, type Reading } from "./reading.ts";
import { soundPart } from "./sound.ts";

/** One app file and the apps that it gives, as far as it could be read. */
export interface Family extends Reading<AppFile> {
  readonly name: string;
  /** `apps`, or `apps/<name>`. */
  readonly folder: string;
  readonly members: readonly Member[];
  /** Whether there are no other members, of which nothing could be read. */
  readonly complete: boolean;
  readonly guessed?: true;
}

/** One app: the file itself, or one of its services. */
export interface Member extends Reading<AppFields> {
  readonly name: string;
  readonly family: string;
  readonly service?: string;
  /** The file's release is not for it: that runs in the file's image, and this one has another. */
  readonly leavesRelease?: true;
  /** What it is on the machines that perMachine names. */
  readonly on: ReadonlyMap<string, Reading<AppFields>>;
  /** What it is on all others: the same as by itself, unless perMachine could not be read. */
  readonly elsewhere: Reading<AppFields>;
}

type Names = Pick<Member, "name" | "family" | "service" | "leavesRelease">;

export function expandFamily(assembled: Assembled, by: Assembly): Family {
  const { name, folder, root, layers, guessed } = assembled;
  const sound = root.kind === "map" ? soundPart("app", root, "merged", by) : root;
  const reading = readingOf<AppFile>(sound, by.validators.of("app").textPaths);
  const { members, complete } =
    sound.kind === "map" ? membersOf(name, sound, layers, by) : { members: [], complete: false };
  return { ...reading, name, folder, members, complete, ...(guessed === true ? { guessed } : {}) };
}

function membersOf(
  family: string,
  root: MapNode,
  layers: readonly Node[],
  by: Assembly,
): Pick<Family, "members" | "complete"> {
  const shared = without(root, "services", ...ofFileAlone);
  const services = root.entries.get("services")?.node;
  const idleNulls = collectIdleNulls(by.findings);
  const all = { ...by, layers, idleNulls };
  // Where services cannot be read, what stands beside them is still what each of them holds.
  if (services?.kind !== "map") {
    const members = [memberOf({ name: family, family }, shared, all)];
    idleNulls.tell(members.length);
    return { members, complete: services === undefined };
  }
  const reportIdle = idleNullReporter(by.findings);
  const members = [...services.entries].map(([service, { keyAt }]) => {
    const name = service === family ? family : `${family}-${service}`;
    const part = ["services", service] as const;
    const merged: Node = { ...withPart(shared, layers, part, reportIdle), at: keyAt };
    const leaves = hasOtherImage(merged, shared) && inherits("release", layers, part);
    if (merged.kind !== "map" || !leaves || lacks(merged, ["release"]))
      return memberOf({ name, family, service }, merged, all);
    const names = { name, family, service, leavesRelease: true } as const;
    return memberOf(names, without(merged, "release"), all);
  });
  idleNulls.tell(members.length);
  return { members, complete: services.unsure !== true };
}

/** What no service holds, nor its image decides. */
const ofFileAlone: readonly (keyof AppFile)[] = ["freeze", "paused"];

/** Whether a service surely runs another image than the one that its file names. */
function hasOtherImage(service: Node, file: Node): boolean {
  const [own, files] = [service, file].map((node) => nodeAt(node, ["image"]));
  return own?.kind === "scalar" && files?.kind === "scalar" && own.source !== files.source;
}

interface Expanding extends Assembly {
  readonly layers: readonly Node[];
  readonly idleNulls: IdleNulls;
}

function memberOf(names: Names, root: Node, by: Expanding): Member {
  const texts = by.validators.of("service").textPaths;
  const read = (node: Node): Reading<AppFields> =>
    readingOf(node.kind === "map" ? soundPart("service", node, "merged", by) : node, texts);
  if (root.kind !== "map") {
    const nothing = read(root);
    return { ...nothing, ...names, on: new Map(), elsewhere: nothing };
  }
  const own = without(root, "perMachine");
  const reading = { ...read(own), at: locatorOf(root) };
  const different = root.entries.get("perMachine")?.node;
  if (different?.kind !== "map") {
    const elsewhere = different === undefined ? reading : unread<AppFields>(root.at, texts);
    return { ...reading, ...names, on: new Map(), elsewhere };
  }
  const on = [...different.entries.keys()].map((machine) => {
    const idle = by.idleNulls.on(machine);
    return [machine, read(withPart(own, by.layers, ["perMachine", machine], idle))] as const;
  });
  const elsewhere = different.unsure === true ? unread<AppFields>(root.at, texts) : reading;
  return { ...reading, ...names, on: new Map(on), elsewhere };
}

/** What an app is on one machine. */
export const readingOn = (
  app: Pick<Member, "on" | "elsewhere">,
  machine: string,
): Reading<AppFields> => app.on.get(machine) ?? app.elsewhere;

/** Every form that an app takes somewhere: as declared for all, and on single machines. */
export const variantsOf = (app: Member): readonly Reading<AppFields>[] => [app, ...app.on.values()];

/** Where a field differs on one machine, or where it stands for all. */
export const atOn = (
  app: Pick<Member, "on" | "elsewhere">,
  machine: string,
  path: readonly (string | number)[],
): Where => readingOn(app, machine).at(path);
