import type { SimController } from "./controller.ts";
import type { SimMachine } from "./machine.ts";
import type { Fate, SimCall } from "./remote.ts";
import type { Commit, Fault } from "./scenario.ts";
import type { Stage } from "./stage.ts";

export interface Hands {
  preempt(commit: Commit): void;
  rival(): void;
}

/** The faults of one pass, each at its call. */
export class FaultPlan {
  /** Another controller was at work in the meantime. */
  isCrowded = false;
  private readonly stage: Stage;
  private readonly controller: SimController;
  private readonly faults: readonly Fault[];
  private readonly hands: Hands;
  private calls = 0;

  constructor(stage: Stage, controller: SimController, faults: readonly Fault[], hands: Hands) {
    this.stage = stage;
    this.controller = controller;
    this.faults = faults;
    this.hands = hands;
  }

  readonly fate = (controller: SimController, _call: SimCall): Fate => {
    if (controller !== this.controller) return "goes";
    this.calls += 1;
    const due = this.faults.filter((f) => f.at === this.calls);
    return due.map((fault) => this.strike(fault)).find((fate) => fate !== "goes") ?? "goes";
  };

  private strike(fault: Fault): Fate {
    const { stage } = this;
    switch (fault.what) {
      case "preempt":
        this.hands.preempt(fault.commit);
        return "goes";
      case "rival":
        this.isCrowded = true;
        this.hands.rival();
        return "goes";
      case "registry":
        stage.tell(`— the registry is down for ${fault.forMs} ms`);
        stage.registry.isDown = true;
        this.later(fault.forMs, () => (stage.registry.isDown = false));
        return "goes";
      case "outage":
        return this.harm(fault, "not reachable", (m, isBad) => (m.isReachable = !isBad));
      case "ill":
        return this.harm(fault, "ill", (m, isBad) => (m.isEngineIll = isBad));
      case "full":
        return this.harm(fault, "full", (m, isBad) => (m.isDiskFull = isBad));
      default:
        return fault.what;
    }
  }

  private harm(
    fault: { readonly machine: number; readonly forMs: number },
    text: string,
    set: (machine: SimMachine, isBad: boolean) => void,
  ): Fate {
    const machines = [...this.stage.machines.values()];
    const machine = machines[fault.machine % machines.length];
    if (machine === undefined) return "goes";
    this.stage.tell(`— ${machine.name} is ${text} for ${fault.forMs} ms`);
    set(machine, true);
    this.later(fault.forMs, () => {
      this.stage.tell(`— ${machine.name} is no longer ${text}`);
      set(machine, false);
    });
    return "goes";
  }

  private later(forMs: number, work: () => void): void {
    this.stage.clock.at(this.stage.clock.now() + forMs, work);
  }
}
