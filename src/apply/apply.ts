import { mapLimit } from "../lib/parallel.ts";
import { isTimely, type Change } from "../model/change.ts";
import type { Plan, Rollout, Turn } from "../model/plan.ts";
import type { Step } from "../model/step.ts";
import type { Applied, ChangeFailure, ChangeSighting } from "./applied.ts";
import { attempt, type ApplyContext } from "./attempt.ts";
import type { StepFailure } from "./failure.ts";
import { tryInTurn } from "./trials.ts";

const machinesAtOnce = 20;

/** Applies a plan: machines first, then apps in order of `after` and otherwise side by side, deletions, and reboots last. */
export async function applyPlan(plan: Plan, context: ApplyContext): Promise<Applied> {
  const run = new ApplyRun(context);
  await run.settings(plan.settings);
  await run.trials(plan.groundTrials, [...plan.trials, ...plan.lastTrials], true);
  await run.lay(plan.machines);
  await run.trials(plan.trials, plan.lastTrials);
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
    isTimely(change) && (change.family === undefined || !unfinished.has(change.family));
  await run.turns(plan.cleanup.map((turn) => ({ ...turn, changes: turn.changes.filter(isFree) })));
  await run.trials(plan.lastTrials);
  const late = await run.late(plan.afterwards);
  await run.reboots(plan.reboots);
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
  /** Machines that were told to. */
  private readonly rebooting = new Set<string>();
  private isLockedOut = false;
  private readonly context: ApplyContext;

  constructor(context: ApplyContext) {
    this.context = context;
  }

  /** The ground for all apps: where it could not be laid, nothing is put on it. */
  async lay(turns: readonly Turn[]): Promise<void> {
    await mapLimit(turns, machinesAtOnce, async (turn) => {
      const isReady = turn.changes.every(isTimely);
      if (!isReady || !(await this.turn(turn))) this.lost.add(turn.machine);
    });
  }

  /** Each for itself. */
  async settings(turns: readonly Turn[]): Promise<void> {
    await mapLimit(turns, machinesAtOnce, async ({ changes }) => {
      for (const change of changes.filter(isTimely)) await this.change(change);
    });
  }

  /** What is tried here, and what would come after it. Where the ground could not be laid nothing is put on it. */
  async trials(
    turns: readonly Turn[],
    later: readonly Turn[] = [],
    isGround = false,
  ): Promise<void> {
    if (this.isLockedOut) return;
    const timely = turns.map((turn) => ({ ...turn, changes: turn.changes.filter(isTimely) }));
    const lockout = await tryInTurn(timely, {
      isHeld: (machine) => this.isHeld(machine),
      change: (change) => this.change(change),
      started: (change) => this.started(change),
      steps: (change, steps) => this.steps(change, steps),
      attempt: (change, steps) => this.attempt(change, steps),
      failed: (change, failure) => this.fail(change, failure),
      failure: (change) => this.failures.find((f) => f.change === change)?.failure,
    });
    const undone = turns.filter(({ changes }) => changes.some((c) => !this.done.includes(c)));
    if (isGround) for (const { machine } of undone) this.lost.add(machine);
    if (lockout === undefined) return;
    this.isLockedOut = true;
    const untried = [...lockout.untried, ...later.flatMap(({ changes }) => changes)];
    await this.context.onLockout({ ...lockout, untried });
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

  /** One after another, until one of them does not come back as it should. */
  async reboots(turns: readonly Turn[]): Promise<void> {
    if (this.isLockedOut || this.failures.some(({ failure }) => failure.isLockout)) return;
    for (const change of turns.flatMap((turn) => turn.changes).filter(isTimely)) {
      const isDone = await this.change(change);
      if (this.rebooting.has(change.machine)) await this.context.onReboot(change.machine);
      if (!isDone) return;
    }
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
    if (!this.isHeld(change.machine)) return false;
    const ended = this.started(change);
    const isDone = await this.steps(change, change.steps);
    if (isDone) ended();
    return isDone;
  }

  /** To be told when it is done. */
  private started(change: Change): () => void {
    const { clock, listener } = this.context;
    const startedMs = clock.now();
    listener({ type: "change-started", change });
    return () => {
      this.done.push(change);
      this.startWatch(change);
      const durationMs = clock.now() - startedMs;
      listener({ type: "change-done", address: change.address, durationMs });
    };
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

  /** Runs steps of a change; what fails is remembered, and told. */
  private async steps(change: Change, steps: readonly Step[]): Promise<boolean> {
    if (!this.isHeld(change.machine)) return false;
    const failure = await this.attempt(change, steps);
    if (failure !== undefined) this.fail(change, failure);
    return failure === undefined;
  }

  private fail(change: Change, failure: StepFailure): void {
    this.failures.push({ change, failure });
    if (failure.isUnanswered || failure.blame === "fenced") this.lost.add(change.machine);
    const { address } = change;
    this.context.listener({ type: "change-failed", address, text: failure.message });
  }

  private async attempt(change: Change, steps: readonly Step[]): Promise<StepFailure | undefined> {
    return await attempt(
      this.context,
      change,
      steps,
      (sighting) => this.sightings.push({ change, sighting }),
      () => this.rebooting.add(change.machine),
    );
  }
}
