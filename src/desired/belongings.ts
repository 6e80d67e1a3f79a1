import { engineVolumeName, type Volume } from "../lib/volumes.ts";
import type { AppDocument } from "../model/documents.ts";

/** Volumes and bridges of families on a machine, as they were found: an engine cannot rename them. */
export interface Belongings {
  /** Engine names of the fleet's. */
  readonly volumes: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  /** By family: what its containers have, kept ones as well. */
  readonly used: ReadonlyMap<string, UsedThings>;
}

export interface UsedThings {
  /** Volume as declared → its engine name, of those that are named after a family. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Bridges of families. */
  readonly networks: readonly string[];
}

/** A family's names on one machine. */
export interface Naming {
  readonly family: string;
  /** Names that it had, nearest first; none that is declared. */
  readonly formerly: readonly string[];
  /** By family: names that it had, also those that others have by now. */
  readonly past: ReadonlyMap<string, readonly string[]>;
  /** Undefined: it is not known what is there. */
  readonly belongings: Belongings | undefined;
}

/** An engine's name, and which other family has what stands under it. */
export interface Named {
  readonly name: string;
  readonly takenBy?: string;
}

/** What a named volume is called: as it was made, under whatever name the family had then. */
export function volumeName(volume: Volume, naming: Naming): Named {
  if (volume.name !== undefined) return { name: volume.name };
  const { family, belongings } = naming;
  return thingName({
    ...naming,
    nameOf: (name) => engineVolumeName(name, volume),
    isThere: (name) => belongings?.volumes.has(name) === true,
    used: (other) => belongings?.used.get(other)?.volumes.get(volume.source),
    family,
  });
}

/** What a family's own bridge is called. */
export function networkName(nameOf: (family: string) => string, naming: Naming): Named {
  const { belongings } = naming;
  const used = (family: string): string | undefined => {
    const all = belongings?.used.get(family)?.networks ?? [];
    return all.find((name) => name === nameOf(family)) ?? all[0];
  };
  return thingName({
    ...naming,
    nameOf,
    isThere: (name) => belongings?.networks.has(name) === true,
    used,
  });
}

interface Thing extends Naming {
  nameOf(family: string): string;
  isThere(name: string): boolean;
  used(family: string): string | undefined;
}

function thingName({ family, formerly, past, nameOf, isThere, used }: Thing): Named {
  const own = nameOf(family);
  const inUse = used(family);
  if (inUse !== undefined) return { name: inUse };
  const holder = [...past].find(
    ([other, names]) => other !== family && names.includes(family) && used(other) === own,
  );
  if (holder !== undefined) return { name: own, takenBy: holder[0] };
  return { name: [own, ...formerly.map(nameOf)].find(isThere) ?? own };
}

/** An app as it was under another name of its family. A service that is called like the file is called like it again. */
export function asFamily(app: AppDocument, family: string): AppDocument {
  const service = app.service === app.family ? family : app.service;
  const name = service === undefined || service === family ? family : `${family}-${service}`;
  return { ...app, family, name, ...(service === undefined ? {} : { service }) };
}

/** An app as it was under each name of its family; without those that are another's by now. */
export const formerApps = (
  app: AppDocument,
  names: readonly string[],
  apps: readonly AppDocument[],
): readonly AppDocument[] =>
  names
    .filter((family) => app.service !== family || !apps.some((a) => isMainOf(a, app.family)))
    .map((family) => asFamily(app, family))
    .filter((former) => !apps.some((a) => a.name === former.name));

const isMainOf = (app: AppDocument, family: string): boolean =>
  app.family === family && app.service === family;
