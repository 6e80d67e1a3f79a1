import { listed } from "../lib/text.ts";
import type { Change } from "../model/change.ts";
import type { Held } from "../model/plan.ts";
import { isAllowed, type Allow } from "./allow.ts";

export interface GuardInput {
  readonly changes: readonly Change[];
  /** Families with live containers, by machine. */
  readonly liveFamilies: ReadonlyMap<string, ReadonlySet<string>>;
  /** Families that were proven there and are not forgotten yet, by machine: what has gone since then still counts. */
  readonly provenFamilies: ReadonlyMap<string, ReadonlySet<string>>;
  /** Families that are wanted there, by machine. */
  readonly wantedFamilies: ReadonlyMap<string, ReadonlySet<string>>;
  readonly allows: readonly Allow[];
  /** Volumes that an earlier revision let go of, by address: kept without being told again. */
  readonly kept: ReadonlyMap<string, string>;
  /** Families that nobody declares there, and whose names are wanted all the same. */
  readonly named: ReadonlySet<string>;
  readonly revision: string;
  /** The revision brings back a state that was applied before. */
  readonly restores: boolean;
}

export interface Guarded {
  readonly changes: readonly Change[];
  readonly held: readonly Held[];
}

/** Takes out of a plan what must not happen unasked; the rest goes on. */
export function guard(input: GuardInput): Guarded {
  const data = guardData(input, input.changes);
  const logins = guardLogins(input, data.changes);
  const packages = guardPackages(input, logins.changes);
  const mass = guardMassDeletion(input, packages.changes);
  const wide = guardWidening(input, withoutGround(mass, input.named));
  const held = [...data.held, ...logins.held, ...packages.held, ...mass.held, ...wide.held];
  return { changes: wide.changes, held };
}

const inUse = "another ssh.user for the machine";

/** Nobody loses a login unasked, and we never lose ours. */
function guardLogins(input: GuardInput, changes: readonly Change[]): Guarded {
  const isHeld = ({ login, address }: Change): boolean =>
    login === "in-use" ||
    (login === "goes" && !input.restores && !isAllowed(input.allows, "delete", address));
  const held = changes.filter(isHeld).map((change): Held => {
    const { login, reason } = change;
    const where = reason.where === undefined ? {} : { where: reason.where };
    return login === "in-use"
      ? { ...heldOf(change, "login-in-use", reason.text, "delete"), needs: inUse, ...where }
      : { ...heldOf(change, "login", reason.text, "delete"), ...where };
  });
  return { changes: changes.filter((change) => !isHeld(change)), held };
}

/**
 * What stays keeps what it stands on: its machine's bridge, and its names and what it is reached by everywhere; where they
 * cannot be told, all stay as they are. A machine that has none yet gets them all the same, as no container starts without.
 */
function withoutGround({ changes, held }: Guarded, named: ReadonlySet<string>): readonly Change[] {
  const guarded = held.filter((h) => h.code === "guard");
  const staying = new Set(guarded.map((h) => h.machine));
  if (staying.size === 0) return changes;
  const areNamed = guarded.every(({ family }) => family !== undefined && named.has(family));
  return changes.filter((change) => {
    if (everywhere.includes(change.kind)) return areNamed || change.action === "create";
    return (
      change.kind !== "app/network" || change.action !== "delete" || !staying.has(change.machine)
    );
  });
}

/** Kinds that machines have for all apps together. */
const everywhere = ["machine/names", "machine/certificate", "machine/proxy"];

/** Data goes only by its full address. */
function guardData(input: GuardInput, changes: readonly Change[]): Guarded {
  const held: Held[] = [];
  const passed = changes.filter((change) => {
    if (change.kind !== "app/volume" || change.action !== "delete") return true;
    if (isAllowed(input.allows, "destroy", change.address)) return true;
    const since = input.kept.get(change.address);
    if (since === undefined || since === input.revision) {
      held.push(
        heldOf(
          change,
          "destroy",
          `volume ${change.name} is no longer declared; its data is kept`,
          "destroy",
        ),
      );
    }
    return false;
  });
  return { changes: passed, held };
}

/** What is installed goes, or becomes older, only where a commit says so. */
function guardPackages(input: GuardInput, changes: readonly Change[]): Guarded {
  if (input.restores) return { changes, held: [] };
  const [held, passed] = partition(
    changes,
    ({ kind, address, reason }) =>
      kind === "machine/packages" &&
      (reason.code === "removal" || reason.code === "downgrade") &&
      !isAllowed(input.allows, "delete", address),
  );
  return {
    changes: passed,
    held: held.map((change) => heldOf(change, "guard", change.reason.text, "delete")),
  };
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): readonly [T[], T[]] {
  const { yes = [], no = [] } = Object.groupBy(all, (one) => (test(one) ? "yes" : "no"));
  return [yes, no];
}

/** A commit that empties most of a machine, or of the fleet, is more often a mistake than a wish. */
function guardMassDeletion(input: GuardInput, changes: readonly Change[]): Guarded {
  if (input.restores) return { changes, held: [] };
  const known = knownFamilies(input);
  const leaving = leavingFamilies(input, changes, known);
  const fleetLive = new Set([...known.values()].flatMap((families) => [...families]));
  const fleetGone = [...fleetLive].filter((family) =>
    [...known].every(
      ([machine, live]) => !live.has(family) || leaving.get(machine)?.has(family) === true,
    ),
  );
  const fleetEmptied = isMost(fleetGone.length, fleetLive.size);
  const held: Held[] = [];
  const passed = changes.filter((change) => {
    const family = change.family ?? change.app;
    if (family === undefined || leaving.get(change.machine)?.has(family) !== true) return true;
    const emptied = isMost(
      leaving.get(change.machine)?.size ?? 0,
      known.get(change.machine)?.size ?? 0,
    );
    if (!emptied && !(fleetEmptied && fleetGone.includes(family))) return true;
    if (isAllowed(input.allows, "delete", change.address)) return true;
    if (isAllowed(input.allows, "delete", `app/${family}`)) return true;
    if (change.kind === "app/container" || change.kind === "app/job") {
      const what = emptied ? `most of ${change.machine}` : "most of the fleet";
      held.push(heldOf(change, "guard", `${family} would go, and with it ${what}`, "delete"));
    }
    return false;
  });
  return { changes: passed, held };
}

/** What opens a machine wider to the outside is asked for by name; the rest of it is done. */
function guardWidening(input: GuardInput, changes: readonly Change[]): Guarded {
  if (input.restores) return { changes, held: [] };
  const held: Held[] = [];
  const passed = changes.flatMap((change) => {
    const { widens = [], address, action, machine } = change;
    if (widens.length === 0 || isAllowed(input.allows, "widen", address)) return [change];
    if (action === "delete" && isAllowed(input.allows, "delete", address)) return [change];
    held.push({
      ...heldOf(change, "guard", `it would open ${listed(widens)} to the outside`, "widen"),
      needs: `Slipway-Allow: widen machine/${machine}`,
      ...(change.reason.where === undefined ? {} : { where: change.reason.where }),
    });
    return change.instead === undefined ? [] : [change.instead];
  });
  return { changes: passed, held };
}

type Families = ReadonlyMap<string, ReadonlySet<string>>;

/** By machine, what is there and what was: a deletion that was let through does not make the next one small. */
function knownFamilies({ liveFamilies, provenFamilies }: GuardInput): Families {
  return new Map(
    [...liveFamilies].map(([machine, live]) => [
      machine,
      new Set([...live, ...(provenFamilies.get(machine) ?? [])]),
    ]),
  );
}

/** Families that lose their last container on a machine, or have lost it, by machine. */
function leavingFamilies(
  { liveFamilies, wantedFamilies }: GuardInput,
  changes: readonly Change[],
  known: Families,
): Families {
  const leaving = new Map<string, Set<string>>();
  for (const [machine, families] of known) {
    const deleted = new Set(
      changes
        .filter((c) => c.machine === machine && c.kind === "app/container" && c.action === "delete")
        .map((c) => c.family),
    );
    const isLeaving = (family: string): boolean =>
      wantedFamilies.get(machine)?.has(family) !== true &&
      (deleted.has(family) || liveFamilies.get(machine)?.has(family) !== true);
    leaving.set(machine, new Set([...families].filter(isLeaving)));
  }
  return leaving;
}

const isMost = (gone: number, of: number): boolean => gone >= 2 && gone * 2 > of;

function heldOf(change: Change, code: string, text: string, verb: string): Held {
  const address =
    verb === "delete" && change.family !== undefined ? `app/${change.family}` : change.address;
  return {
    address: change.address,
    code,
    text,
    needs: `Slipway-Allow: ${verb} ${address}`,
    machine: change.machine,
    ...(change.app === undefined ? {} : { app: change.app }),
    ...(verb !== "delete" || change.family === undefined ? {} : { family: change.family }),
  };
}
