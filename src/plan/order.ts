import { groupBy } from "../lib/parallel.ts";
import { clash, type Change } from "../model/change.ts";
import type { OnFailure, Rollout, Turn } from "../model/plan.ts";
import type { Step } from "../model/step.ts";

/** How an app file wants to be rolled out. */
export interface FamilyPolicy {
  readonly after: readonly string[];
  readonly onFailure: OnFailure;
  /** Machines at a time, after the canary. */
  readonly batch: number;
  readonly drift: "heal" | "report";
}

export interface Ordered {
  readonly settings: readonly Turn[];
  readonly groundTrials: readonly Turn[];
  readonly trials: readonly Turn[];
  readonly lastTrials: readonly Turn[];
  readonly machines: readonly Turn[];
  readonly rollouts: readonly Rollout[];
  readonly cleanup: readonly Turn[];
  readonly afterwards: readonly Turn[];
  readonly reboots: readonly Turn[];
}

/** What comes after all else, and holds nothing up. */
const lateKinds = ["machine/certification"];

export const isLate = ({ kind }: Pick<Change, "kind">): boolean => lateKinds.includes(kind);

/** What a machine is by itself, each for itself: that one of them fails stands in no app's way. Of users a group may come with the engine. */
const settingKinds = [
  "machine/packages",
  "machine/sysctl",
  "machine/engine",
  "machine/users",
  "machine/files",
  "machine/timezone",
  "machine/updates",
  "machine/swap",
  "machine/sshd",
  "machine/firewall",
];

export const isSetting = ({ kind }: Pick<Change, "kind">): boolean => settingKinds.includes(kind);

/** What a machine is by itself, and what apps on it stand on. */
const machineKinds = [...settingKinds, "machine/mounts", "machine/wireguard"];

export const isOfMachine = ({ kind }: Pick<Change, "kind">): boolean => machineKinds.includes(kind);

const rebootKind = "machine/reboot";

/** What may cut us off is tried on one machine after another. */
const isTrial = ({ trial }: Pick<Change, "trial">): boolean => trial !== undefined;

/** What may cut us off, and is no setting of the machine: apps stand on it. */
export const isGroundTrial = (change: Pick<Change, "trial" | "kind">): boolean =>
  isTrial(change) && !isSetting(change);

/** Kinds in the order in which they are made; deletion runs the other way. */
const kindOrder = [
  ...settingKinds,
  // Ground, and no setting: apps may keep their data there, and none of the machine starts without it.
  "machine/mounts",
  // Ground as well: what is private binds its address.
  "machine/wireguard",
  "app/network",
  "machine/names",
  "machine/certificate",
  "machine/proxy",
  "app/image",
  "app/volume",
  "app/files",
  "app/release",
  "app/container",
  "app/job",
  "app/once",
  ...lateKinds,
  rebootKind,
];

/** Orders changes: machines, then each family's prepare, release and waves; what is no longer declared goes last. */
export function order(
  changes: readonly Change[],
  policies: ReadonlyMap<string, FamilyPolicy>,
): Ordered {
  const trials = changes.filter(isTrial).toSorted(compareChanges);
  const ground = trials.filter(isGroundTrial);
  const sorted = changes.filter((c) => !isTrial(c)).toSorted(compareChanges);
  const reboots = changes.filter((c) => c.kind === rebootKind && c.action !== "delete");
  const making = sorted.filter((c) => c.action !== "delete" && c.kind !== rebootKind);
  const leaving = sorted.filter((c) => c.action === "delete").toReversed();
  const early = new Map(leaving.flatMap((c) => pairOf(c, heir(c, making))));
  const ofFamily = groupBy(
    making.filter((c) => c.family !== undefined),
    (c) => c.family as string,
  );
  const rollouts = [...ofFamily].map(([family, own]) =>
    rolloutOf(
      family,
      [...leaving.filter((c) => early.get(c) === family), ...own],
      policies.get(family),
    ),
  );
  return {
    settings: turnsOf(making.filter(isSetting)),
    machines: turnsOf(making.filter((c) => c.family === undefined && !isLate(c) && !isSetting(c))),
    groundTrials: turnsOf(ground.filter((c) => c.action !== "delete")),
    trials: turnsOf(trials.filter((c) => !isGroundTrial(c))),
    lastTrials: turnsOf(ground.filter((c) => c.action === "delete")),
    rollouts: sortByAfter(rollouts),
    cleanup: turnsOf(leaving.filter((c) => !early.has(c))),
    afterwards: turnsOf(making.filter(isLate)),
    // They come in their order.
    reboots: reboots.map((change) => ({ machine: change.machine, changes: [change] })),
  };
}

/** The family that needs on this machine what a change gives up: then it cannot wait until the end. */
const heir = (leaving: Change, making: readonly Change[]): string | undefined =>
  making.find(
    (c) =>
      c.machine === leaving.machine &&
      (c.holds ?? []).some((wanted) => (leaving.holds ?? []).some((held) => clash(wanted, held))),
  )?.family;

const pairOf = <K, V>(key: K, value: V | undefined): readonly (readonly [K, V])[] =>
  value === undefined ? [] : [[key, value]];

function rolloutOf(
  family: string,
  changes: readonly Change[],
  policy: FamilyPolicy | undefined,
): Rollout {
  const containers = turnsOf(changes.filter((c) => c.kind === "app/container"));
  const jobs = turnsOf(changes.filter((c) => c.kind === "app/job"));
  const rolled = ["app/container", "app/release", "app/job"];
  const prepare = turnsOf(changes.filter((c) => !rolled.includes(c.kind)));
  return {
    family,
    after: policy?.after ?? [],
    onFailure: policy?.onFailure ?? "revert",
    prepare,
    releases: turnsOf(changes.filter((c) => c.kind === "app/release")),
    // A job takes the new version once it has proven itself.
    waves: [
      ...wavesOf(withOneCanary(containers), policy?.batch ?? 1),
      ...(jobs.length === 0 ? [] : [jobs]),
    ],
  };
}

/** One machine goes first as the canary, then `batch` at a time. */
function wavesOf(turns: readonly Turn[], batch: number): readonly (readonly Turn[])[] {
  const [canary, ...rest] = turns;
  if (canary === undefined) return [];
  const size = Math.max(1, batch);
  const chunks = Array.from({ length: Math.ceil(rest.length / size) }, (_, i) =>
    rest.slice(i * size, (i + 1) * size),
  );
  return [[canary], ...chunks];
}

/** What a share of the traffic showed of an app on its first container holds for the others. */
function withOneCanary(turns: readonly Turn[]): readonly Turn[] {
  const tried = new Set<string | undefined>();
  const once = (change: Change): Change => {
    const steps = withoutCanary(change.steps);
    if (steps === change.steps) return change;
    if (tried.has(change.app)) return { ...change, steps };
    tried.add(change.app);
    return change;
  };
  return turns.map((turn) => ({ ...turn, changes: turn.changes.map(once) }));
}

/** The same where there is none. */
function withoutCanary(steps: readonly Step[]): readonly Step[] {
  const kept = steps.flatMap((step): readonly Step[] => {
    if (step.do === "canary") return [];
    if (step.do !== "attempt") return [step];
    const inner = withoutCanary(step.steps);
    return inner === step.steps ? [step] : [{ ...step, steps: inner }];
  });
  return kept.length === steps.length && kept.every((step, i) => step === steps[i]) ? steps : kept;
}

function turnsOf(changes: readonly Change[]): readonly Turn[] {
  const byMachine = groupBy(changes, (c) => c.machine);
  return [...byMachine]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([machine, own]) => ({ machine, changes: own }));
}

/** Dependencies first; cycles are findings of the load stage and do not come here. */
function sortByAfter(rollouts: readonly Rollout[]): readonly Rollout[] {
  const byFamily = new Map(rollouts.map((r) => [r.family, r]));
  const placed = new Map<string, Rollout>();
  const visiting = new Set<string>();
  const place = (rollout: Rollout): void => {
    if (placed.has(rollout.family) || visiting.has(rollout.family)) return;
    visiting.add(rollout.family);
    for (const before of rollout.after) {
      const dependency = byFamily.get(before);
      if (dependency !== undefined) place(dependency);
    }
    placed.set(rollout.family, rollout);
  };
  for (const rollout of rollouts.toSorted((a, b) => compareText(a.family, b.family)))
    place(rollout);
  return [...placed.values()];
}

function compareChanges(a: Change, b: Change): number {
  return (
    rank(a) - rank(b) || compareText(a.machine, b.machine) || compareText(a.address, b.address)
  );
}

const rank = (change: Change): number => {
  const index = kindOrder.indexOf(change.kind);
  return index < 0 ? kindOrder.length : index;
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
