import { mapLimit } from "../lib/parallel.ts";
import { listed } from "../lib/text.ts";
import type { Change } from "../model/change.ts";
import type { Observation } from "../model/observation.ts";
import { changesOf, type Held, type Plan, type Turn } from "../model/plan.ts";
import type { HandChange } from "../model/trace.ts";
import { askTraces, type TraceAnswers } from "../observe/traces.ts";
import { RemoteError } from "../remote/session.ts";
import type { Survey } from "./survey.ts";
import type { World } from "./world.ts";

const machinesAtOnce = 20;

/**
 * The same plan, where what drifted says when it was changed by hand, and who was logged in then, as far as its machine
 * knows. Only machines are asked that have had this revision before, and on which something differs.
 */
export async function withHands(
  { remote, clock }: Pick<World, "remote" | "clock">,
  fleet: string,
  look: Survey,
): Promise<Survey> {
  const { plan, targets, observations } = look;
  const traced = [...changesOf(plan), ...plan.held].filter(
    ({ traces, machine = "" }) => traces !== undefined && isKnown(observations.get(machine), plan),
  );
  const byMachine = Map.groupBy(traced, ({ machine = "" }) => machine);
  const answers = new Map<string, TraceAnswers>();
  await mapLimit([...byMachine], machinesAtOnce, async ([machine, own]) => {
    const target = targets.get(machine);
    if (target === undefined) return;
    const nowMs = clock.now();
    const aheadMs = aheadOf(observations.get(machine));
    const traces = own.flatMap((one) => one.traces ?? []);
    const question = { fleet, revision: plan.revision, traces, nowMs, aheadMs };
    try {
      answers.set(machine, await askTraces(await remote.session(target), question));
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
    }
  });
  return answers.size === 0 ? look : { ...look, plan: told(plan, answers) };
}

const isKnown = (observation: Observation | undefined, { revision }: Plan): boolean =>
  observation?.inventory.state === "present" && observation.inventory.value.revision === revision;

function aheadOf(observation: Observation | undefined): number {
  const { facts, asked } = observation ?? {};
  return facts === undefined || asked === undefined
    ? 0
    : facts.clockMs - (asked.fromMs + asked.toMs) / 2;
}

function told(plan: Plan, answers: ReadonlyMap<string, TraceAnswers>): Plan {
  const handOf = ({ machine = "", traces = [] }: Pick<Held, "machine" | "traces">) =>
    answers.get(machine)?.(traces);
  const ofChange = (change: Change): Change => {
    const changed = handOf(change);
    if (changed === undefined) return change;
    const { reason } = change;
    return { ...change, reason: { ...reason, text: withHand(reason.text, changed), changed } };
  };
  const ofHeld = (held: Held): Held => {
    const changed = handOf(held);
    return changed === undefined ? held : { ...held, text: withHand(held.text, changed) };
  };
  const ofTurn = (turn: Turn): Turn => ({ ...turn, changes: turn.changes.map(ofChange) });
  return {
    ...plan,
    settings: plan.settings.map(ofTurn),
    groundTrials: plan.groundTrials.map(ofTurn),
    machines: plan.machines.map(ofTurn),
    trials: plan.trials.map(ofTurn),
    rollouts: plan.rollouts.map((rollout) => ({
      ...rollout,
      waves: rollout.waves.map((wave) => wave.map(ofTurn)),
    })),
    lastTrials: plan.lastTrials.map(ofTurn),
    held: plan.held.map(ofHeld),
  };
}

function withHand(text: string, { what, at, users }: HandChange): string {
  const time = at.replace("T", " ").replace(/(?:\.\d+)?Z$/, " UTC");
  const who =
    users.length === 0
      ? ""
      : `, while ${listed(users)} ${users.length === 1 ? "was" : "were"} logged in`;
  return `${text}; ${what} at ${time}${who}`;
}
