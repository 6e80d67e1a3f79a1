import type { ParseCache } from "../../../src/load/load.ts";
import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import { checkEnd, stateOf, thingsOf } from "./check-end.ts";
import { checkOutcome } from "./check-outcome.ts";
import type { SimController } from "./controller.ts";
import { driftByHand } from "./drift.ts";
import { reachedOf, servingOn, stayingOn } from "./expected.ts";
import { FaultPlan } from "./faults.ts";
import { History } from "./history.ts";
import type { Act, Fault, Scenario } from "./scenario.ts";
import { foreignOf, Stage } from "./stage.ts";
import { Broken } from "./watchman.ts";

/** How often the last revision is looked at until it has to have come to rest. */
const restLimit = 10;

/** A scenario that broke a rule, with all that happened until then. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(scenario: Scenario, trace: readonly string[], cause: unknown) {
    const what =
      cause instanceof Broken
        ? cause.message
        : cause instanceof Error
          ? cause.stack
          : String(cause);
    const told = trace.slice(-250).join("\n");
    super(`${what}\n\nscenario: ${JSON.stringify(scenario)}\n\n${told}\n\n${what}`, { cause });
  }
}

/** Plays a scenario to its end. Throws Failure at the first rule that does not hold. */
export async function play(scenario: Scenario, parseCache: ParseCache): Promise<readonly string[]> {
  const player = new Player(scenario, parseCache);
  try {
    await player.stage.clock.run(player.play());
  } catch (error) {
    throw new Failure(scenario, player.stage.trace, error);
  }
  return player.stage.trace;
}

class Player {
  readonly stage: Stage;
  private readonly scenario: Scenario;
  private readonly history: History;
  private controller: SimController | undefined;
  private lastHead = "";

  constructor(scenario: Scenario, parseCache: ParseCache) {
    this.scenario = scenario;
    this.stage = new Stage(scenario, parseCache);
    this.history = new History(scenario, this.stage);
  }

  async play(): Promise<void> {
    const { stage, scenario } = this;
    const foreign = [...stage.machines.values()].map(foreignOf);
    this.history.start();
    for (const act of scenario.acts) await this.act(act);
    const outcome = await this.rest();
    checkEnd(stage, scenario, this.history, outcome);
    await this.lookAgainWithoutState();
    const now = [...stage.machines.values()].map(foreignOf);
    if (now.join() !== foreign.join()) throw new Broken("something foreign was changed");
  }

  private async act(act: Act): Promise<void> {
    switch (act.do) {
      case "commit":
        return this.history.commit(act.commit);
      case "pass":
        return void (await this.pass(act.faults));
      case "drift":
        return driftByHand(this.stage, act.how, act.which);
      case "forget-notes":
        return this.stage.source.notes.clear();
    }
  }

  private async pass(faults: readonly Fault[]): Promise<RevisionOutcome | undefined> {
    const { stage, history } = this;
    const controller =
      this.controller === undefined ||
      this.controller.isDead ||
      this.controller.preempt.signal.aborted
        ? stage.newController()
        : this.controller;
    const head = await stage.source.head();
    const isNew = controller !== this.controller || head !== this.lastHead;
    const cause = isNew ? "commit" : "retry";
    this.controller = controller;
    this.lastHead = head;
    stage.tell(`— ${controller.name} looks at ${head.slice(0, 8)} (${cause})`);
    this.watchServing();
    const rivals: ReturnType<SimController["pass"]>[] = [];
    const plan = new FaultPlan(stage, controller, faults, {
      preempt: (commit) => {
        history.commit(commit);
        const next = history.head();
        this.narrowServing();
        controller.preempt.abort(next);
      },
      rival: () => {
        const rival = stage.newController();
        stage.tell(`— ${rival.name} comes as a rival`);
        const coming = rival.pass("commit");
        coming.catch(() => undefined);
        rivals.push(coming);
      },
    });
    stage.fate = plan.fate;
    const outcome = await controller.pass(cause);
    const others = await Promise.all(rivals);
    stage.fate = () => "goes";
    if (outcome === undefined) stage.tell(`— ${controller.name} is dead`);
    for (const other of [outcome, ...others]) this.judge(other, plan.isCrowded);
    return outcome;
  }

  private judge(outcome: RevisionOutcome | undefined, isCrowded: boolean): void {
    const { stage, scenario, history } = this;
    for (const watchman of stage.watchmen.values())
      if (watchman.broken[0] !== undefined) throw new Broken(watchman.broken[0]);
    for (const { broken } of stage.machines.values())
      if (broken[0] !== undefined) throw new Broken(broken[0]);
    const [missed] = stage.crossing.broken;
    if (missed !== undefined) throw new Broken(missed);
    if (outcome !== undefined) checkOutcome(stage, scenario, history, outcome, isCrowded);
  }

  private watchServing(): void {
    const apps = this.history.apps();
    for (const [machine, watchman] of this.stage.watchmen)
      watchman.watch(
        servingOn(machine, watchman.proven(), apps, this.scenario),
        stayingOn(machine, apps, this.scenario),
      );
    this.stage.crossing.watch(reachedOf(apps, this.scenario));
  }

  private narrowServing(): void {
    for (const [machine, watchman] of this.stage.watchmen)
      watchman.serving = servingOn(machine, watchman.serving, this.history.apps(), this.scenario);
    this.stage.crossing.narrow(reachedOf(this.history.apps(), this.scenario));
  }

  /** All is well again: passes go on until nothing changes any more. */
  private async rest(): Promise<RevisionOutcome> {
    const { stage } = this;
    stage.registry.isDown = false;
    for (const machine of stage.machines.values()) {
      machine.isReachable = true;
      machine.isEngineIll = false;
      machine.isDiskFull = false;
    }
    stage.tell("— all is well from here on");
    for (let count = 0; count < restLimit; count++) {
      await stage.clock.sleep(60_000);
      const before = stateOf(stage);
      const outcome = await this.pass([]);
      if (outcome === undefined) throw new Error("a controller died of nothing");
      if (outcome.changes === 0 && stateOf(stage) === before) return outcome;
    }
    throw new Broken(`it does not come to rest in ${restLimit} passes`);
  }

  /**
   * Another controller, with nothing but the repo: it finds nothing to do. What a machine could not be told when it
   * happened may be told once more.
   */
  private async lookAgainWithoutState(): Promise<void> {
    const { stage } = this;
    let [things, all] = [thingsOf(stage), ""];
    for (const count of [1, 2]) {
      stage.source.notes.clear();
      this.controller = undefined;
      const outcome = await this.pass([]);
      if (outcome?.changes !== 0) throw new Broken("a controller without state changes something");
      if (things !== thingsOf(stage))
        throw new Broken("a controller without state moved something");
      if (count === 2 && all !== stateOf(stage))
        throw new Broken("a controller without state writes something");
      [things, all] = [thingsOf(stage), stateOf(stage)];
    }
  }
}
