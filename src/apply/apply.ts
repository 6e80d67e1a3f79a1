import type { Clock } from "../lib/clock.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { Change } from "../model/change.ts";
import type { Listener } from "../model/events.ts";
import type { Issuer } from "../model/issuer.ts";
import type { Plan, Rollout, Turn } from "../model/plan.ts";
import type { SealedText } from "../model/sealed.ts";
import type { Step } from "../model/step.ts";
import type { Applied, ChangeFailure, ChangeSighting } from "./applied.ts";
import { asFailure, type StepFailure } from "./failure.ts";
import type { Hold } from "./lock.ts";
import { runSteps, type StepContext } from "./steps.ts";

export interface ApplyContext {
  /** Machines that are held under their lock; changes on others are left for the next pass. */
  readonly holds: ReadonlyMap<string, Hold>;
  readonly clock: Clock;
  readonly listener: Listener;
  readonly preempt: AbortSignal;
  content(blob: string): Promise<Uint8Array>;
  reveal(text: SealedText): Uint8Array;
  /** Absent: certificates are not issued from here. */
  readonly issuer?: Issuer;
  /** Takes out of what a machine said what nobody may read. */
  redact(text: string): string;
  /** Called once per family, before anything returns; of one whose other machines go on, once per machine: writes the failed mark. */
  onAppFailure(family: string, failure: StepFailure, alone?: string): Promise<void>;
  /** What was tried first of these would have cut us off: none of them is tried as it is. */
  onLockout(changes: readonly Change[], failed: ChangeFailure): Promise<void>;
  /** A release ended well. */
  onRelease(change: Change): Promise<void>;
}

const machinesAtOnce = 20;

/** Applies a plan: machines first, then apps in order of `after` and otherwise side by side, deletions last. */
export async function applyPlan(plan: Plan, context: ApplyContext): Promise<Applied> {
  const run = new ApplyRun(context);
  await run.settings(plan.settings);
  await run.lay(plan.machines);
  await run.trials(plan.trials);
  const rollouts = new Map(plan.rollouts.map((rollout) => [rollout.family, rollout]));
  const running = new Map<string, Promise<boolean>>();
  const start = (rollout: Rollout): Promise<boolean> => {
    const known = running.get(rollout.family);
    if (known !== undefined) return known;
    const before = rollout.after.flatMap((family) => rollouts.get(family) ?? []);
    const promise = (async () => {
      const results = await Promise.all(
        before.map(async (b) => ({ family: b.family, ok: await start(b) })),
      );
      const missing = results.find((r) => !r.ok);
      if (missing === undefined) return await run.rollout(rollout);
      run.waiting.set(rollout.family, missing.family);
      return false;
    })();
    running.set(rollout.family, promise);
    return promise;
  };
  const ended = await Promise.all(
    plan.rollouts.map(async (r) => ({ family: r.family, ok: await start(r) })),
  );
  const unwell = await run.watched();
  // What a family leaves behind is still needed while it has not converged.
  const unfinished = new Set([...ended.filter((e) => !e.ok).map((e) => e.family), ...unwell]);
  const isFree = (change: Change): boolean =>
    change.waits === undefined && (change.family === undefined || !unfinished.has(change.family));
  await run.turns(plan.cleanup.map((turn) => ({ ...turn, changes: turn.changes.filter(isFree) })));
  const late = await run.late(plan.afterwards);
  const { done, failures, sightings, waiting } = run;
  return { done, failures, late, sightings, waiting };
}

/** The state of one application of a plan. */
class ApplyRun {
  readonly done: Change[] = [];
  readonly failures: ChangeFailure[] = [];
  readonly sightings: ChangeSighting[] = [];
  readonly waiting = new Map<string, string>();
  private readonly lost = new Set<string>();
  /** Families whose failure was told, or with the machine where it was. */
  private readonly failed = new Set<string>();
  /** Families that go on where one of their machines failed. */
  private readonly going = new Set<string>();
  /** Watches of what was made, by family. */
  private readonly watches = new Map<string, Promise<unknown>[]>();
  private readonly context: ApplyContext;

  constructor(context: ApplyContext) {
    this.context = context;
  }

  /** The ground for all apps: where it could not be laid, nothing is put on it. */
  async lay(turns: readonly Turn[]): Promise<void> {
    await mapLimit(turns, machinesAtOnce, async (turn) => {
      if (!(await this.turn(turn))) this.lost.add(turn.machine);
    });
  }

  /** Each for itself. */
  async settings(turns: readonly Turn[]): Promise<void> {
    await mapLimit(turns, machinesAtOnce, async ({ changes }) => {
      for (const change of changes) await this.change(change);
    });
  }

  /** One machine after another: where one would be locked, the others are not tried. */
  async trials(turns: readonly Turn[]): Promise<void> {
    const changes = turns.flatMap((turn) => turn.changes);
    for (const [index, change] of changes.entries()) {
      await this.change(change);
      const failed = this.failures.find((f) => f.change === change);
      if (failed?.failure.isLockout !== true) continue;
      await this.context.onLockout(changes.slice(index), failed);
      return;
    }
  }

  async turns(turns: readonly Turn[]): Promise<boolean> {
    const results = await mapLimit(turns, machinesAtOnce, async (turn) => await this.turn(turn));
    return results.every((ok) => ok);
  }

  /** Each for itself: what fails of it stands in nobody's way. */
  async late(turns: readonly Turn[]): Promise<readonly ChangeFailure[]> {
    const before = this.failures.length;
    await mapLimit(
      turns.flatMap((turn) => turn.changes),
      machinesAtOnce,
      async (change) => await this.change(change),
    );
    return this.failures.splice(before);
  }

  /** True when everything of it was done. An app's own failure ends it; a machine's trouble only leaves that machine out. */
  async rollout(rollout: Rollout): Promise<boolean> {
    if (rollout.onFailure === "continue") this.going.add(rollout.family);
    const unprepared = new Set<string>();
    await mapLimit(rollout.prepare, machinesAtOnce, async (turn) => {
      if (!(await this.turn(turn))) unprepared.add(turn.machine);
    });
    for (const machine of await this.withoutRoom(rollout, unprepared)) unprepared.add(machine);
    // Without its image and files a release would only seem to fail; and nothing rolls before all of them.
    if (rollout.releases.some(({ machine }) => unprepared.has(machine))) return false;
    for (const release of rollout.releases) {
      if (!(await this.turn(release))) {
        await this.failIfApps(rollout.family);
        return false;
      }
    }
    let complete = unprepared.size === 0;
    for (const wave of rollout.waves) {
      const ready = wave.filter((turn) => !unprepared.has(turn.machine));
      complete = (await this.turns(ready)) && complete;
      const isFailed = await this.failIfApps(rollout.family);
      if (isFailed && rollout.onFailure !== "continue") return false;
      complete &&= !isFailed;
      if (this.context.preempt.aborted) return false;
    }
    return complete;
  }

  /** Waits for all watches; gives the families of which something failed meanwhile. */
  async watched(): Promise<readonly string[]> {
    const ends = [...this.watches].map(async ([family, watches]) => {
      await Promise.all(watches);
      return (await this.failIfApps(family)) ? family : [];
    });
    return (await Promise.all(ends)).flat();
  }

  /** Machines where a new container has no room: asked of all before the first container moves. */
  private async withoutRoom(
    rollout: Rollout,
    unprepared: ReadonlySet<string>,
  ): Promise<readonly string[]> {
    const turns = rollout.waves.flat().filter((turn) => !unprepared.has(turn.machine));
    const lacking = await mapLimit(turns, machinesAtOnce, async (turn) => {
      const checked = turn.changes.filter(({ checks }) => checks !== undefined);
      const fits = await mapLimit(checked, 4, async (c) => await this.steps(c, c.checks ?? []));
      return fits.every((fit) => fit) ? [] : [turn.machine];
    });
    return lacking.flat();
  }

  private async failIfApps(family: string): Promise<boolean> {
    const failures = this.failures.filter(
      (f) => f.change.family === family && f.failure.blame === "app",
    );
    for (const { change, failure } of failures) {
      const alone = this.isAlone(change) ? change.machine : undefined;
      const told = alone === undefined ? family : `${family} ${alone}`;
      if (this.failed.has(told)) continue;
      this.failed.add(told);
      await this.context.onAppFailure(family, failure, alone);
    }
    return failures.length > 0;
  }

  /** Whether a failure of this says nothing of the family's other machines. */
  private isAlone({ kind, family }: Change): boolean {
    return kind === "app/container" && family !== undefined && this.going.has(family);
  }

  private async turn(turn: Turn): Promise<boolean> {
    for (const change of turn.changes) {
      if (!(await this.change(change))) return false;
    }
    return true;
  }

  private async change(change: Change): Promise<boolean> {
    const { context } = this;
    if (!this.isHeld(change.machine)) return false;
    const startedMs = context.clock.now();
    context.listener({ type: "change-started", change });
    const isDone = await this.steps(change, change.steps);
    if (!isDone) return false;
    this.done.push(change);
    this.startWatch(change);
    context.listener({
      type: "change-done",
      address: change.address,
      durationMs: context.clock.now() - startedMs,
    });
    return true;
  }

  /** Goes on while others roll. */
  private startWatch(change: Change): void {
    const { watch, family } = change;
    if (watch === undefined || family === undefined) return;
    const own = this.watches.get(family) ?? [];
    this.watches.set(family, [...own, this.steps(change, [watch])]);
  }

  private isHeld(machine: string): boolean {
    const { holds, preempt } = this.context;
    return holds.has(machine) && !this.lost.has(machine) && !preempt.aborted;
  }

  private certifying(): Pick<StepContext, "certifying"> {
    const { issuer, holds } = this.context;
    if (issuer === undefined) return {};
    return { certifying: { issuer, session: (machine) => holds.get(machine)?.session } };
  }

  /** Runs steps of a change; what fails is remembered, and told. */
  private async steps(change: Change, steps: readonly Step[]): Promise<boolean> {
    const { context } = this;
    const hold = context.holds.get(change.machine);
    if (hold === undefined || !this.isHeld(change.machine)) return false;
    try {
      await runSteps(
        {
          session: hold.session,
          clock: context.clock,
          preempt: context.preempt,
          content: (blob) => context.content(blob),
          reveal: (text) => context.reveal(text),
          redact: (text) => context.redact(text),
          fence: (outlivesMs) => hold.fence(outlivesMs),
          ...this.certifying(),
          progress: (text) =>
            context.listener({
              type: "progress",
              address: change.address,
              text: context.redact(text),
            }),
          saw: (sighting) => this.sightings.push({ change, sighting }),
        },
        steps,
      );
      if (change.kind === "app/release") await context.onRelease(change);
    } catch (error) {
      const failure = asFailure(error).redacted((text) => context.redact(text));
      this.failures.push({ change, failure });
      if (failure.isUnanswered || failure.blame === "fenced") this.lost.add(change.machine);
      context.listener({ type: "change-failed", address: change.address, text: failure.message });
      return false;
    }
    return true;
  }
}
