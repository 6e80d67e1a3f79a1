import { membersOf } from "../desired/effective.ts";
import type { SecretDigests } from "../desired/secrets.ts";
import { appAddress, type Address } from "../model/address.ts";
import type { Documents } from "../model/documents.ts";
import type { Held } from "../model/plan.ts";
import type { Closure, Closures } from "../plan/closed.ts";
import type { Renames } from "../plan/renames.ts";
import { composed, isAlike, machinesApart, settingsApart } from "./composed.ts";
import { underName, type Former } from "./former.ts";
import type { Trail } from "./trail.ts";

/** What is to run while freezes and pauses keep something of HEAD back: that stands as it was let through last. */
export interface Standing {
  /** HEAD's, but for what is kept back. */
  readonly documents: Documents;
  readonly held: readonly Held[];
  /** Families of which nothing new may be tried, also where HEAD has nothing new of them. */
  readonly closed: ReadonlyMap<string, Kept>;
  /** Families that HEAD has otherwise than they stand, each with what keeps it back. */
  readonly behind: ReadonlyMap<string, Held>;
  /** Of these, families of which nobody can say any more what was let through: their containers stay as they are. */
  readonly stuck: ReadonlySet<string>;
  /** Nothing at all may be done: the fleet is closed, and what was let through last is not known, or is nothing. */
  readonly isStill: boolean;
  /** For the next pass, as an inventory has it. */
  readonly stands: Readonly<Record<Address, string>>;
  /** When something of it may be tried, in milliseconds since 1970. */
  readonly untilMs?: number;
}

/** What keeps a family from being tried, and the revision at which it stands. */
export interface Kept {
  readonly held: Held;
  readonly at: string;
  readonly untilMs?: number;
}

export interface StandingInput {
  readonly head: Documents;
  readonly closures: Closures;
  readonly trail: Pick<Trail, "thaws" | "last">;
  readonly former: Pick<Former, "documents">;
  readonly secrets: Pick<SecretDigests, "sha256">;
  readonly renames: Renames;
}

const fleetAddress: Address = "fleet";

/** Nothing is kept back. */
const freely = (head: Documents): Standing => ({
  documents: head,
  held: [],
  closed: new Map(),
  behind: new Map(),
  stuck: new Set(),
  isStill: false,
  stands: {},
});

/** What stands in HEAD's place, and what of HEAD is held. HEAD alone says what is closed. */
export async function standingOf(input: StandingInput): Promise<Standing> {
  const { head, trail } = input;
  const { fleet, apps } = unthawed(input);
  if (fleet === undefined && apps.size === 0) return freely(head);
  const lastAt = trail.last?.stands[fleetAddress] ?? trail.last?.revision ?? "";
  const base = fleet === undefined ? head : await documentsAt(lastAt, input);
  if (base === "none" || base === "lost")
    return fleet === undefined ? freely(head) : stillWith(input, fleet, lastAt);
  return await standingOn(input, base, { fleet, apps, lastAt });
}

interface Closed {
  readonly fleet: Closure | undefined;
  readonly apps: ReadonlyMap<string, Closure>;
  /** The revision at which the fleet stands, else the last one. */
  readonly lastAt: string;
}

/** What a trailer lets through is not closed; the whole fleet's is for all. */
function unthawed({ closures, trail: { thaws } }: StandingInput): Omit<Closed, "lastAt"> {
  if (thaws.includes(fleetAddress)) return { fleet: undefined, apps: new Map() };
  const apps = [...closures.apps].filter(([family]) => !thaws.includes(appAddress(family)));
  return { fleet: closures.fleet, apps: new Map(apps) };
}

/** Where a family stands: in which revision's documents, if there are any. */
interface Stood {
  /** The revision; "" where there was none. */
  readonly at: string;
  readonly documents: Documents | "none" | "lost";
  readonly why?: Closure;
  readonly isBehind: boolean;
}

async function standingOn(
  input: StandingInput,
  base: Documents,
  closed: Closed,
): Promise<Standing> {
  const { head } = input;
  const { fleet, apps, lastAt } = closed;
  const stood = new Map<string, Stood>();
  for (const family of new Set([...head.families.keys(), ...familiesLeaving(input, base, closed)]))
    stood.set(family, await stoodOf(family, input, base, closed));
  const names = namesTaken(stood, head);
  if (names.size > 0)
    return await standingOn(input, base, { ...closed, apps: new Map([...apps, ...names]) });
  const back = [...stood].filter(([, { isBehind }]) => isBehind);
  const kept = new Map(
    [...stood].flatMap(([family, { at, why }]) =>
      why === undefined ? [] : [[family, keptBy(family, why, at)] as const],
    ),
  );
  const behind = new Map(
    back.flatMap(([family]) => {
      const held = kept.get(family)?.held;
      return held === undefined ? [] : [[family, held] as const];
    }),
  );
  const ofFleet = fleet === undefined ? [] : heldOfFleet(base, head, fleet);
  const held = [...ofFleet, ...behind.values()];
  const apart = fleet === undefined ? back : [...stood].filter(([, { at }]) => at !== lastAt);
  const stands = [
    ...(fleet === undefined ? [] : [[fleetAddress, lastAt] as const]),
    ...apart.map(([family, { at }]) => [appAddress(family), at] as const),
  ];
  const closures = [...(ofFleet.length > 0 ? [fleet] : []), ...back.map(([, { why }]) => why)];
  const lost = [...stood].flatMap(([f, { documents }]) => (documents === "lost" ? f : []));
  const chosen = [...stood].flatMap(([family, { documents }]) =>
    documents === "none" ? [] : [[family, documents === "lost" ? head : documents] as const],
  );
  return {
    documents: composed(head, base, new Map(chosen)),
    held,
    closed: kept,
    behind,
    stuck: new Set(lost),
    isStill: false,
    stands: held.length === 0 ? {} : Object.fromEntries(stands),
    ...firstOf(closures),
  };
}

async function stoodOf(
  family: string,
  input: StandingInput,
  base: Documents,
  { fleet, apps, lastAt }: Closed,
): Promise<Stood> {
  const { head, secrets, trail } = input;
  const isDeclared = head.families.has(family);
  const isThawed = trail.thaws.includes(appAddress(family));
  const why = apps.get(family) ?? (isDeclared || isThawed ? undefined : fleet);
  if (why === undefined) return { at: head.revision, documents: head, isBehind: false };
  const at = standsAt(family, input, lastAt);
  const then = await familyAt(family, at, input);
  if (typeof then === "string")
    return { at, documents: then, why, isBehind: isDeclared || then === "lost" };
  const isBehind = !isAlike(family, then, head, base, secrets);
  return { at, documents: isBehind ? then : head, why, isBehind };
}

/** Families that HEAD no longer has, and where a closed fleet stands. */
function familiesLeaving(
  { head, trail }: StandingInput,
  base: Documents,
  { fleet }: Closed,
): readonly string[] {
  if (fleet === undefined) return [];
  const stands = Object.keys(trail.last?.stands ?? {});
  const apart = stands.flatMap((address) => /^app\/(.+)$/.exec(address)?.[1] ?? []);
  return [...base.families.keys(), ...apart].filter((family) => !head.families.has(family));
}

/** Families of which an app has by now the name of one that stands in another: they wait for that. */
function namesTaken(
  stood: ReadonlyMap<string, Stood>,
  head: Documents,
): ReadonlyMap<string, Closure> {
  const taken = new Map<string, Closure>();
  for (const [family, { documents: then, why, isBehind }] of stood) {
    if (!isBehind || why === undefined || typeof then === "string") continue;
    for (const { name } of membersOf(then, family)) {
      const other = head.apps.get(name)?.family;
      const isFree = other === undefined || other === family || stood.get(other)?.why !== undefined;
      if (!isFree) taken.set(other, why);
    }
  }
  return taken;
}

function standsAt(family: string, { trail, renames }: StandingInput, lastAt: string): string {
  const stands = trail.last?.stands ?? {};
  const names = [family, ...(renames.past.get(family) ?? [])];
  return names.flatMap((name) => stands[appAddress(name)] ?? [])[0] ?? lastAt;
}

async function familyAt(
  family: string,
  revision: string,
  input: StandingInput,
): Promise<Documents | "none" | "lost"> {
  const found = await documentsAt(revision, input);
  if (typeof found === "string") return found;
  return underName(found, family, input.renames.past.get(family) ?? []) ?? "none";
}

async function documentsAt(
  revision: string,
  { head, former }: StandingInput,
): Promise<Documents | "none" | "lost"> {
  if (revision === "") return "none";
  if (revision === head.revision) return head;
  return (await former.documents(revision)) ?? "lost";
}

/** Nothing is done where nobody can say what there is to go on with. */
function stillWith({ head, trail }: StandingInput, fleet: Closure, lastAt: string): Standing {
  const held = heldBy(fleet, fleetAddress);
  const families = [...head.families.keys()];
  const kept = { held, at: lastAt, ...firstOf([fleet]) };
  return {
    documents: head,
    held: [held],
    closed: new Map(families.map((family) => [family, kept])),
    behind: new Map(families.map((family) => [family, held])),
    stuck: new Set(),
    isStill: true,
    stands: { ...trail.last?.stands, [fleetAddress]: lastAt },
    ...firstOf([fleet]),
  };
}

const keptBy = (family: string, why: Closure, at: string): Kept => ({
  held: { ...heldBy(why, appAddress(family)), app: family },
  at,
  ...firstOf([why]),
});

const heldOfFleet = (base: Documents, head: Documents, fleet: Closure): readonly Held[] => [
  ...(settingsApart(base, head) ? [heldBy(fleet, fleetAddress)] : []),
  ...machinesApart(base, head).map((machine) => ({
    ...heldBy(fleet, `machine/${machine}`),
    needs: thawOf(fleetAddress),
    machine,
  })),
];

const thawOf = (address: Address): string => `Slipway-Allow: thaw ${address}`;

const heldBy = ({ code, text, where }: Closure, address: Address): Held => ({
  address,
  code,
  text,
  needs: thawOf(address),
  where,
});

/** When the first of them ends. */
function firstOf(
  closures: readonly (Pick<Closure, "untilMs"> | undefined)[],
): Pick<Standing, "untilMs"> {
  const untils = closures.flatMap((closure) => closure?.untilMs ?? []);
  return untils.length === 0 ? {} : { untilMs: Math.min(...untils) };
}

/** The same where another try of what failed is asked for, and may not be: that waits, too. */
export function withRetries(standing: Standing, families: readonly string[]): Standing {
  const waiting = families.flatMap((family) => {
    const kept = standing.closed.get(family);
    return kept === undefined || standing.behind.has(family) ? [] : [{ family, ...kept }];
  });
  if (waiting.length === 0) return standing;
  const stands = waiting.map(({ family, at }) => [appAddress(family), at] as const);
  return {
    ...standing,
    held: [...standing.held, ...waiting.map(({ held }) => held)],
    behind: new Map([...standing.behind, ...waiting.map((w) => [w.family, w.held] as const)]),
    stands: { ...Object.fromEntries(stands), ...standing.stands },
    ...firstOf([standing, ...waiting]),
  };
}
