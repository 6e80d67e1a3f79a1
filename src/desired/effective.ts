import { digestOf, keyedDigestOf } from "../lib/hash.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { imageKey, type ImageReferences } from "../model/image.ts";
import { sealedShown } from "../model/sealed.ts";
import { routesOf, type PlacedRoute, type Route } from "../model/routes.ts";
import { fieldsOn, imageTextsOf } from "./names.ts";
import type { SecretDigests } from "./secrets.ts";

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
  const placed = {
    ...app,
    machines,
    fields: counted(app.fields, now.fields),
    perMachine: new Map(perMachine),
  };
  return { ...placed, routes: app.routes.map((route) => routeAtHead(route, placed, now, head)) };
}

/** Where a route stands is as little of what failed: it leads to where the app is now. */
function routeAtHead(
  route: PlacedRoute,
  app: AppDocument,
  now: AppDocument,
  head: Documents,
): PlacedRoute {
  const isSame = (other: Route): boolean => other.host === route.host && other.path === route.path;
  const servedOn = app.machines.filter((machine) => routesOf(fieldsOn(app, machine)).some(isSame));
  if (!route.chosen) return { ...route, on: servedOn, servedOn };
  const chosen = now.routes.find((other) => other.chosen && isSame(other));
  const on = chosen?.on ?? route.on.filter((machine) => head.machines.has(machine));
  return { ...route, on, servedOn };
}

/**
 * What a family is made of, without place and count: equal digests mean nothing to roll. Covers the resolved images and
 * what the families that it is `after` are made of, since a failed try is worth repeating when one of them changed.
 */
export function familyInput(
  documents: Documents,
  family: string,
  images: ImageReferences,
  secrets: Pick<SecretDigests, "sha256">,
): string {
  return digestOf({
    own: ownInput(documents, family, images, secrets),
    after: afterOf(documents, family).map((f) => ownInput(documents, f, images, secrets)),
  });
}

/** The same without what it is `after`: equal digests mean that nothing of its own changed. */
export const familyOwnInput = (
  documents: Documents,
  family: string,
  images: ImageReferences,
  secrets: Pick<SecretDigests, "sha256">,
): string => digestOf(ownInput(documents, family, images, secrets));

/** Digest of what is declared of a family, whatever its image texts mean and its secrets are: it is told to everybody. */
export const familyDeclared = (documents: Documents, family: string): string =>
  familyOwnInput(documents, family, new Map(), { sha256: sealedShown });

/** Keyed, so that a digest that covers secrets can be kept on the machine. */
export const keyedInput = (key: string, input: string): string => keyedDigestOf(key, input);

const afterOf = (documents: Documents, family: string): readonly string[] =>
  [...new Set(membersOf(documents, family).flatMap((m) => m.fields.after ?? []))]
    .filter((f) => f !== family)
    .toSorted();

/** Nothing of it says what the family is called: marks stay true through a rename. */
function ownInput(
  documents: Documents,
  family: string,
  images: ImageReferences,
  secrets: Pick<SecretDigests, "sha256">,
): unknown {
  return membersOf(documents, family).map((app) => ({
    // One that is called like the file is so under any name.
    service: app.service === app.family ? "" : (app.service ?? null),
    fields: withoutPlace(app.fields),
    perMachine: perMachineInput(app),
    ships: Object.fromEntries(app.ships),
    ...secretsInput(app, secrets),
    images: Object.fromEntries(
      [...imageTextsOf(app).keys()].map((text) => [
        text,
        images.get(imageKey(app.name, text)) ?? null,
      ]),
    ),
  }));
}

/** Digests of what is opened: encrypting it anew changes nothing. Left out where there is none, as before there were any. */
const secretsInput = (
  { secrets }: AppDocument,
  { sha256 }: Pick<SecretDigests, "sha256">,
): Readonly<Record<string, unknown>> =>
  secrets.size === 0
    ? {}
    : { secrets: Object.fromEntries([...secrets].map(([ref, value]) => [ref, sha256([value])])) };

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
