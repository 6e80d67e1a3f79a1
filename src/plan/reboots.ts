import { unproven, type ProxySpec, type RebootSpec, type RebootState } from "../kinds/index.ts";
import type { AnyKind } from "../kinds/kind.ts";
import { endOfRun, parseSchedule, sayMoment } from "../lib/schedule.ts";
import type { Change } from "../model/change.ts";
import type { Observation } from "../model/observation.ts";
import { changesOf, type Held, type Plan, type UnknownLive } from "../model/plan.ts";
import type { Facts, Resource } from "../model/resource.ts";
import type { DrainStep } from "../model/step.ts";
import { isAllowed, type Allow } from "./allow.ts";
import type { Closure } from "./closed.ts";
import { findLive } from "./diff.ts";
import { inMachineOrder, type MachineOrder } from "./machine-order.ts";
import { isLate, isSetting } from "./order.ts";

export interface RebootInput {
  /** Absent: none is planned, as of a commit that nobody has merged yet. */
  readonly reboots?: {
    /** Milliseconds since 1970. */
    readonly nowMs: number;
    /** What keeps the whole fleet closed. */
    readonly closed?: Closure;
  };
  readonly machineOrder?: MachineOrder;
  readonly allows: readonly Allow[];
  readonly kinds: readonly AnyKind[];
  readonly resources: readonly Resource[];
  readonly observations: ReadonlyMap<string, Observation>;
  readonly awaiting: readonly unknown[];
}

export interface Rebooting {
  readonly changes: readonly Change[];
  readonly held: readonly Held[];
  /** When the first of them may be done, milliseconds since 1970. */
  readonly untilMs?: number;
}

/** A reboot that is held for its time is no failure of what is declared. */
export const windowCode = "reboot-window";

const allElse = "all else is as declared";

/**
 * Lets at most one machine be rebooted in a round: in its window or where a commit says so, when nothing else is under way and
 * what was rebooted before is proven. The others wait.
 */
export function withReboots(
  changes: readonly Change[],
  unknown: readonly UnknownLive[],
  stopped: readonly Held[],
  input: RebootInput,
): Rebooting {
  const reboots = changes.filter(isReboot);
  if (reboots.length === 0) return { changes, held: [] };
  const others = changes.filter((change) => !isReboot(change));
  if (input.reboots === undefined) return { changes: others, held: [] };
  const proofs = reboots.filter(isProof);
  const timed = reboots
    .filter((change) => !isProof(change))
    .map((change) => ({ change, ...timeOf(change, input) }));
  const untils = timed.flatMap(({ untilMs }) => untilMs ?? []);
  const due = timed.filter(({ held }) => held === undefined);
  const bar = barOf(others, unknown, stopped, proofs, input);
  const ordered = inMachineOrder(due, ({ change }) => change.machine, input.machineOrder);
  return {
    changes: [
      ...others,
      ...proofs.map((change) =>
        others.some((other) => other.machine === change.machine && isMovement(other))
          ? waiting(change, allElse)
          : withProofs(change, input),
      ),
      ...ordered.map(({ change }, index) => {
        const first = ordered[index - 1]?.change.machine;
        const until = first === undefined ? bar : `${first} was rebooted`;
        return until === undefined ? withDrains(change, input) : waiting(change, until);
      }),
    ],
    held: timed.flatMap(({ held }) => held ?? []),
    ...(untils.length === 0 ? {} : { untilMs: Math.min(...untils) }),
  };
}

const isReboot = ({ kind, action }: Pick<Change, "kind" | "action">): boolean =>
  kind === "machine/reboot" && action !== "delete";

const isProof = ({ reason }: Change): boolean => reason.code === unproven;

/**
 * The machine that nothing is to be sent to, given what would be done otherwise: it was rebooted and is not proven yet, or it is
 * the next one.
 */
export function restingIn(plan: Plan): string | undefined {
  const reboots = plan.reboots.flatMap(({ changes }) => changes);
  const proof = reboots.find(isProof);
  if (proof !== undefined) return proof.machine;
  const [next] = reboots;
  if (next === undefined || (next.waits !== undefined && next.waits !== allElse)) return undefined;
  const others = changesOf(plan).filter((change) => !isReboot(change) && isMovement(change));
  return others.every(({ kind }) => kind === "machine/proxy") ? next.machine : undefined;
}

interface Timed {
  readonly held?: Held;
  readonly untilMs?: number;
}

function timeOf(change: Change, input: RebootInput): Timed {
  const { allows, reboots, resources } = input;
  const { address, machine, reason } = change;
  if (isAllowed(allows, "reboot", address)) return {};
  const { nowMs = 0, closed } = reboots ?? {};
  const spec = resources.find((r) => r.address === address)?.spec as RebootSpec | undefined;
  const held = (why: string): Held => ({
    address,
    code: windowCode,
    text: `${reason.text}; ${why}`,
    needs: `Slipway-Allow: reboot machine/${machine}`,
    machine,
    ...(reason.where === undefined ? {} : { where: reason.where }),
  });
  const until = (ms: number | undefined): Pick<Timed, "untilMs"> =>
    ms === undefined ? {} : { untilMs: ms };
  if (closed !== undefined) return { held: held(`it is ${closed.text}`), ...until(closed.untilMs) };
  if (spec === undefined) return { held: held("nobody declares when") };
  const { schedule, timezone, forMs } = spec.window;
  const times = parseSchedule(schedule, timezone);
  const isOpen = endOfRun(times, forMs, nowMs) !== undefined;
  const lastMs = lastOf(machine, input);
  // What asks for it at every boot would have it rebooted until the window closes.
  const isHad = lastMs !== undefined && (times.next(lastMs) ?? Infinity) > nowMs;
  if (isOpen && !isHad) return {};
  const next = times.next(nowMs);
  const when = next === undefined ? "never" : sayMoment(next, nowMs, timezone);
  const why = isOpen ? `it was rebooted in this window, and the next opens` : "its window opens";
  return { held: held(`${why} ${when}`), ...until(next) };
}

/** When it was rebooted last, milliseconds since 1970; what was begun in this boot has not come to it. */
function lastOf(machine: string, { observations }: RebootInput): number | undefined {
  const live = observations.get(machine)?.kinds.get("machine/reboot");
  if (live?.state !== "present") return undefined;
  const { last, boot } = (live.value.get("") ?? {}) as Partial<RebootState>;
  return last === undefined || last.from === boot ? undefined : last.atMs;
}

/** Why none is rebooted now: one that does not answer may be one that did not come back. */
function barOf(
  others: readonly Change[],
  unknown: readonly UnknownLive[],
  stopped: readonly Held[],
  proofs: readonly Change[],
  { observations, awaiting }: RebootInput,
): string | undefined {
  const [proof] = proofs;
  if (proof !== undefined) return `${proof.machine} is proven after its reboot`;
  // Before what is only a matter of this round: no machine rests for a reboot that does not come.
  const undone = stopped.find(isOfApp);
  if (undone !== undefined) return `nothing of ${undone.app ?? undone.address} is held`;
  if (others.some(isMovement) || awaiting.length > 0) return allElse;
  const silent = [...observations].find(([, { facts }]) => facts === undefined)?.[0];
  const unseen = silent ?? unknown[0]?.machine;
  return unseen === undefined ? undefined : `${unseen} is seen in full`;
}

/**
 * An app of which something is not done may serve nowhere else. Data that nobody declares any more is needed by none, and is
 * kept for ever.
 */
const isOfApp = ({ app, address, code }: Held): boolean =>
  (app !== undefined || /(?:^|\/)app\//.test(address)) && code !== "destroy";

/** What users of apps could notice; what fails of a machine's own settings stands in no way. */
const isMovement = (change: Change): boolean => !isSetting(change) && !isLate(change);

const waiting = (change: Change, until: string): Change => ({
  ...change,
  waits: until,
  reason: { ...change.reason, text: `${change.reason.text}; it waits until ${until}` },
});

/** Everything that runs there is asked before it is written down as proven. */
const withProofs = (change: Change, input: RebootInput): Change => ({
  ...change,
  steps: [
    ...runningOn(change.machine, input, (kind, want, have, facts) =>
      kind.proves?.(want, have, facts),
    ),
    ...change.steps,
  ],
});

function withDrains(change: Change, input: RebootInput): Change {
  const proxy = input.resources.find(
    ({ kind, machine }) => kind === "machine/proxy" && machine === change.machine,
  )?.spec as ProxySpec | undefined;
  const others = new Set(
    (proxy?.pools ?? []).flatMap(({ name, remote }) => (remote.length > 0 ? name : [])),
  );
  const drains = runningOn(change.machine, input, (kind, want, have, facts) =>
    kind.drains?.(want, have, facts),
  ).map((drain): DrainStep =>
    drain.traffic.pools.every(({ name }) => others.has(name))
      ? drain
      : { ...drain, streamsMs: drain.requestsMs, stays: true },
  );
  const steps = change.steps.map((step) => (step.do === "reboot" ? { ...step, drains } : step));
  return { ...change, steps };
}

/** What kinds say of all that is declared on a machine and is there. */
function runningOn<T>(
  machine: string,
  { kinds, resources, observations }: RebootInput,
  say: (kind: AnyKind, want: unknown, have: unknown, facts: Facts) => readonly T[] | undefined,
): readonly T[] {
  const observation = observations.get(machine);
  const facts = observation?.facts;
  if (facts === undefined) return [];
  const own = resources.filter((resource) => resource.machine === machine);
  return kinds.flatMap((kind) => {
    const live = observation?.kinds.get(kind.id);
    if (live?.state !== "present") return [];
    return own
      .filter((resource) => resource.kind === kind.id)
      .flatMap((resource) => {
        const { have } = findLive(kind, resource, live.value);
        return have === undefined ? [] : (say(kind, resource.spec, have, facts) ?? []);
      });
  });
}
