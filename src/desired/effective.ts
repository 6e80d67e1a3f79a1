import { digestOf, keyedDigestOf } from "../lib/hash.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { imageKey, type ImageReferences } from "../model/image.ts";
import { imageTextsOf } from "./names.ts";

/** The app documents of one family, in order of name. */
export const membersOf = (documents: Documents, family: string): readonly AppDocument[] =>
  [...documents.apps.values()].filter((app) => app.family === family);

export const machinesOf = (members: readonly AppDocument[]): readonly string[] =>
  [...new Set(members.flatMap((m) => m.machines))].toSorted();

/**
 * The apps to run: HEAD's, but for a family that is held its documents of the good revision, on HEAD's machines and
 * in HEAD's number (neither is part of what failed).
 */
export function effectiveApps(
  head: Documents,
  returned: ReadonlyMap<string, Documents>,
): readonly AppDocument[] {
  const current = [...head.apps.values()].filter((app) => !returned.has(app.family));
  const former = [...returned].flatMap(([family, documents]) =>
    membersOf(documents, family).map((app) => placedAsAtHead(app, head)),
  );
  return [...current, ...former].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function placedAsAtHead(app: AppDocument, head: Documents): AppDocument {
  const now = head.apps.get(app.name);
  const machines = now?.machines ?? app.machines.filter((m) => head.machines.has(m));
  if (now === undefined) return { ...app, machines };
  const counted = (
    fields: AppDocument["fields"],
    other: AppDocument["fields"] | undefined,
  ): AppDocument["fields"] => {
    const { instances: _, ...rest } = fields;
    return other?.instances === undefined ? rest : { ...rest, instances: other.instances };
  };
  const perMachine = machines.flatMap((m) => {
    const own = app.perMachine.get(m) ?? (now.perMachine.has(m) ? app.fields : undefined);
    return own === undefined
      ? []
      : [[m, counted(own, now.perMachine.get(m) ?? now.fields)] as const];
  });
  return {
    ...app,
    machines,
    fields: counted(app.fields, now.fields),
    perMachine: new Map(perMachine),
  };
}

/**
 * What a family is made of, without place and count: equal digests mean nothing to roll. Covers the resolved images and
 * what the families that it is `after` are made of, since a failed try is worth repeating when one of them changed.
 */
export function familyInput(documents: Documents, family: string, images: ImageReferences): string {
  return digestOf({
    own: ownInput(documents, family, images),
    after: afterOf(documents, family).map((f) => ownInput(documents, f, images)),
  });
}

/** The same without what it is `after`: equal digests mean that nothing of its own changed. */
export const familyOwnInput = (
  documents: Documents,
  family: string,
  images: ImageReferences,
): string => digestOf(ownInput(documents, family, images));

/** Digest of what is declared of a family, whatever its image texts mean. */
export const familyDeclared = (documents: Documents, family: string): string =>
  familyOwnInput(documents, family, new Map());

/** Keyed, so that a digest that covers secrets can be kept on the machine. */
export const keyedInput = (key: string, input: string): string => keyedDigestOf(key, input);

const afterOf = (documents: Documents, family: string): readonly string[] =>
  [...new Set(membersOf(documents, family).flatMap((m) => m.fields.after ?? []))]
    .filter((f) => f !== family)
    .toSorted();

/** Nothing of it says what the family is called: marks stay true through a rename. */
function ownInput(documents: Documents, family: string, images: ImageReferences): unknown {
  return membersOf(documents, family).map((app) => ({
    // One that is called like the file is so under any name.
    service: app.service === app.family ? "" : (app.service ?? null),
    fields: withoutPlace(app.fields),
    perMachine: perMachineInput(app),
    ships: Object.fromEntries(app.ships),
    images: Object.fromEntries(
      [...imageTextsOf(app).keys()].map((text) => [
        text,
        images.get(imageKey(app.name, text)) ?? null,
      ]),
    ),
  }));
}

/** Machines on which more than the count differs. */
function perMachineInput(app: AppDocument): unknown {
  const common = digestOf(withoutPlace(app.fields));
  const own = [...app.perMachine].map(([m, fields]) => [m, withoutPlace(fields)] as const);
  return Object.fromEntries(own.filter(([, input]) => digestOf(input) !== common));
}

function withoutPlace(fields: AppDocument["fields"]): unknown {
  const { machines: _machines, instances: _instances, renamedFrom: _from, ...rest } = fields;
  return rest;
}
