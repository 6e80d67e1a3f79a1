import { asFailure, type StepFailure } from "../apply/failure.ts";
import type { Hold } from "../apply/lock.ts";
import {
  appendHistory,
  forgetMarks,
  markFailed,
  markGood,
  recordImages,
  recordRelease,
} from "../apply/record.ts";
import type { Lockout } from "../apply/trials.ts";
import { canonicalJson } from "../lib/json.ts";
import { mapLimit } from "../lib/parallel.ts";
import { listed } from "../lib/text.ts";
import type { Change } from "../model/change.ts";
import type { Inventory, Mark, Refusal } from "../model/inventory.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { changesOf } from "../model/plan.ts";
import { moveRecords } from "../plan/renames.ts";
import type { ContainerSpec, ReleaseSpec, ReleaseState } from "../kinds/index.ts";
import { adoptedOn } from "./adopted.ts";
import type { Holds } from "./holds.ts";
import type { FamilySurvey, Survey } from "./survey.ts";

/** Written before anything returns: a controller that dies now leaves the next one knowing what failed. */
export async function recordFailure(
  holds: ReadonlyMap<string, Hold>,
  family: FamilySurvey,
  revision: string,
  failure: StepFailure,
  at: string,
  alone?: string,
): Promise<void> {
  const machines = alone === undefined ? family.machines : [alone];
  await onEach(holds, machines, (machine, inventory) => {
    const mark = markFor(family, machine, revision, failure.message, at);
    if (mark === undefined) return inventory;
    const failed = alone === undefined ? mark : ({ ...mark, alone: true } as const);
    return recordImages(markFailed(inventory, family.family, failed), family.family, family.images);
  });
}

/** Of all that would follow as well: a machine that is not tried is not tried by the next pass either. */
export async function recordLockout(
  holds: ReadonlyMap<string, Hold>,
  { tried, untried, failure }: Lockout,
  revision: string,
): Promise<void> {
  const digests = Object.fromEntries(tried.map(({ address, trial = "" }) => [address, trial]));
  const culprits = listed(tried.map(({ address }) => address));
  const refusalOf = (change: Change): Refusal => {
    const isTried = tried.includes(change);
    const reason = isTried ? failure.message : `not tried, as ${culprits} would have locked us out`;
    const isAlone = isTried && tried.length === 1;
    const { trial: digest = "" } = change;
    return { digest, revision, reason, ...(isAlone ? {} : { tried: digests }) };
  };
  const byMachine = Map.groupBy([...tried, ...untried], ({ machine }) => machine);
  await onEach(holds, [...byMachine.keys()], (machine, inventory) => {
    const own = byMachine.get(machine) ?? [];
    const refused = own.map((change) => [change.address, refusalOf(change)] as const);
    return {
      ...inventory,
      refused: { ...inventory.refused, ...Object.fromEntries(refused) },
    };
  });
}

export async function recordReleased(
  holds: ReadonlyMap<string, Hold>,
  change: Change,
  look: Survey,
): Promise<void> {
  const spec = look.resources.find((r) => r.address === change.address)?.spec as
    | ReleaseSpec
    | undefined;
  const { family } = change;
  if (spec === undefined || family === undefined) return;
  const machines = look.families.find((f) => f.family === family)?.machines ?? [change.machine];
  await onEach(holds, machines, (_, inventory) => recordRelease(inventory, family, spec.digest));
}

/** Written before anything goes by another name: a controller that dies now leaves the next one knowing whose it is. */
export async function recordRenames(
  holds: ReadonlyMap<string, Hold>,
  { observations, renames }: Survey,
): Promise<void> {
  if (renames.former.size === 0) return;
  const outdated = [...holds.keys()].filter((machine) => {
    const live = observations.get(machine)?.inventory;
    return live?.state === "present" && !isSame(live.value, moveRecords(live.value, renames));
  });
  await onEach(holds, outdated, (_, inventory) => moveRecords(inventory, renames));
}

/** Before anything of it is stopped or renamed: a controller that dies now leaves the next one knowing whose it is. */
export async function recordAdopted(holds: ReadonlyMap<string, Hold>, look: Survey): Promise<void> {
  const next = (machine: string, { adopted, ...inventory }: Inventory): Inventory => ({
    ...inventory,
    ...adoptedOn(look, machine, adopted),
  });
  const outdated = [...holds.keys()].filter((machine) => {
    const live = look.observations.get(machine)?.inventory;
    if (live?.state !== "present") return live?.state === "absent";
    return canonicalJson(next(machine, live.value)) !== canonicalJson(live.value);
  });
  await onEach(holds, outdated, next);
}

const isSame = (a: Inventory, b: Inventory): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Releases that ended well while nobody looked: written down before their containers make room for others. */
export async function recordFound(holds: ReadonlyMap<string, Hold>, look: Survey): Promise<void> {
  const found = [...look.observations].flatMap(([machine, observation]) => {
    const live = observation.kinds.get("app/release");
    if (live?.state !== "present") return [];
    return [...live.value.values()].flatMap((state) => {
      const { family, recorded: known, containers } = state as ReleaseState;
      const ended = containers.filter((c) => c.status === "exited" && c.exitCode === 0);
      return ended
        .filter((c) => !known.includes(c.digest))
        .map(({ digest }) => ({ machine, family, digest }));
    });
  });
  for (const { machine, family, digest } of found) {
    const others = look.families.find((f) => f.family === family)?.machines ?? [];
    await onEach(holds, [...new Set([machine, ...others])], (_, inventory) =>
      recordRelease(inventory, family, digest),
    );
  }
}

export interface Ending {
  readonly holds: Holds;
  readonly look: Survey;
  readonly outcome: RevisionOutcome;
  /** The outcome is news: it goes into the machines' histories. */
  readonly isNews: boolean;
  readonly at: string;
}

/** Machines whose record differs from what this pass ends with. */
export function machinesToRecord(ending: Omit<Ending, "holds">): readonly string[] {
  return [...ending.look.observations]
    .filter(([, o]) => o.facts !== undefined)
    .filter(([machine, o]) => {
      if (ending.isNews || o.inventory.state !== "present") return true;
      const { value } = o.inventory;
      return canonicalJson(recorded(ending, machine, value)) !== canonicalJson(value);
    })
    .map(([machine]) => machine);
}

/** Good marks, images, the revision and what is kept, on every machine that is held; then the history. */
export async function recordEnding(ending: Ending): Promise<void> {
  await mapLimit([...ending.holds.taken], 20, async ([machine, hold]) => {
    try {
      await hold.update((inventory) => recorded(ending, machine, inventory));
      if (ending.isNews) await appendHistory(hold.session, ending.outcome.fleet, ending.outcome);
    } catch (error) {
      // The record is told again by the next pass: what was proven does not become unproven by it.
      asFailure(error);
    }
  });
}

function recorded(ending: Omit<Ending, "holds">, machine: string, inventory: Inventory): Inventory {
  const { look, outcome } = ending;
  const { stands } = look.standing;
  const { stands: _stands, refused, adopted, ...known } = moveRecords(inventory, look.renames);
  let next: Inventory = {
    ...known,
    // What came through since by another declaration is past.
    ...(refused === undefined || outcome.outcome === "applied" ? {} : { refused }),
    machine,
    revision: outcome.revision,
    kept: keptOn(ending, machine, inventory),
    owned: ownedOn(look, machine),
    ...adoptedOn(look, machine, adopted),
    ...(Object.keys(stands).length === 0 ? {} : { stands }),
  };
  for (const family of look.families) {
    const app = outcome.apps.find((a) => a.family === family.family);
    if (app?.outcome !== "applied" || !family.machines.includes(machine)) continue;
    const proven = markFor(family, machine, outcome.revision, app.text, ending.at);
    const mark = proven && { ...proven, images: Object.fromEntries(family.images) };
    const record = next.apps[family.family];
    // One that was to run nowhere has not been proven by that.
    if (
      mark !== undefined &&
      runsSomewhere(look, family.family) &&
      (record?.good?.inputDigest !== mark.inputDigest || record.failed !== undefined)
    ) {
      next = markGood(next, family.family, mark);
    }
    next = recordImages(next, family.family, family.images);
    next = withReleases(next, family.family, look);
  }
  // While a deletion is held what went with it still counts.
  if (look.plan.held.some((h) => h.code === "guard")) return next;
  const declared = new Set(look.families.map((f) => f.family));
  const leaving = new Set(
    changesOf(look.plan)
      .filter((c) => c.machine === machine)
      .map((c) => c.family),
  );
  return forgetMarks(next, (family) => declared.has(family) || leaving.has(family));
}

/** Also where it did not run: the machines that remember it may leave before this one. */
function withReleases(inventory: Inventory, family: string, look: Survey): Inventory {
  const ran = look.resources.flatMap((r) => {
    if (r.kind !== "app/release" || r.family !== family) return [];
    const { hasRun, digest } = r.spec as ReleaseSpec;
    return hasRun === true ? digest : [];
  });
  const known = inventory.apps[family]?.releases ?? [];
  return ran
    .filter((digest) => !known.includes(digest))
    .reduce((next, digest) => recordRelease(next, family, digest), inventory);
}

const runsSomewhere = (look: Survey, family: string): boolean =>
  look.resources.some(
    (r) => r.kind === "app/container" && r.family === family && (r.spec as ContainerSpec).running,
  );

/** Volumes that nobody declares any more, each with the revision that first let go of it. */
function keptOn(
  ending: Omit<Ending, "holds">,
  machine: string,
  inventory: Inventory,
): Inventory["kept"] {
  const volumes = ending.look.observations.get(machine)?.kinds.get("app/volume");
  // Which of them are still there is not known: what was written stands.
  if (volumes?.state !== "present" && volumes?.state !== "absent") return inventory.kept;
  const held = ending.look.plan.held
    .filter((h) => h.code === "destroy" && h.machine === machine)
    .map((h) => h.address);
  const still = Object.entries(inventory.kept).filter(([address]) =>
    ending.look.keptVolumes.has(address),
  );
  const now = held.map(
    (address) => [address, inventory.kept[address] ?? ending.outcome.revision] as const,
  );
  return Object.fromEntries([...still, ...now].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is ours there and carries no label: names and files. */
const ownedOn = (look: Survey, machine: string): readonly string[] =>
  look.resources
    .filter((r) => r.machine === machine && (r.kind === "machine/names" || r.kind === "app/files"))
    .map((r) => r.address)
    .toSorted();

function markFor(
  family: FamilySurvey,
  machine: string,
  revision: string,
  reason: string,
  at: string,
): Mark | undefined {
  const inputDigest = family.inputDigest(machine);
  const own = family.ownDigest(machine);
  if (inputDigest === undefined) return undefined;
  const imageDigest = [...family.images.values()][0] ?? "";
  return { revision, inputDigest, ...(own === undefined ? {} : { own }), imageDigest, reason, at };
}

async function onEach(
  holds: ReadonlyMap<string, Hold>,
  machines: readonly string[],
  change: (machine: string, inventory: Inventory) => Inventory,
): Promise<void> {
  await Promise.all(
    machines.map(async (machine) => {
      try {
        await holds.get(machine)?.update((inventory) => change(machine, inventory));
      } catch (error) {
        // One machine that cannot be written to does not keep the mark from the others.
        asFailure(error);
      }
    }),
  );
}
