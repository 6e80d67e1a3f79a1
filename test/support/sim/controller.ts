import type { Clock } from "../../../src/lib/clock.ts";
import { createParseCache, type ParseCache } from "../../../src/load/load.ts";
import { noteWith } from "../../../src/model/ledger.ts";
import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import type { World } from "../../../src/pass/world.ts";
import { reconcile } from "../../../src/reconcile.ts";
import type { SimClock } from "./clock.ts";
import type { SimMachine } from "./machine.ts";
import { SimRemote, type Fate, type SimCall } from "./remote.ts";
import type { Random } from "./random.ts";
import type { SimSource } from "./source.ts";

/** What a controller lives in. */
export interface Surroundings {
  readonly clock: SimClock;
  readonly random: Random;
  readonly machines: ReadonlyMap<string, SimMachine>;
  readonly source: SimSource;
  /** Files parse the same for all. */
  readonly parseCache: ParseCache;
  fateOf(controller: SimController, call: SimCall): Fate;
  tell(text: string): void;
  started(revision: string): void;
  ended(controller: SimController, outcome: RevisionOutcome, isNews: boolean): void;
}

export const newParseCache = (): ParseCache => createParseCache(5_000);

/** One controller with its connections; all that it knows besides goes with it. */
export class SimController {
  readonly name: string;
  readonly surroundings: Surroundings;
  readonly remote: SimRemote;
  readonly preempt = new AbortController();
  isDead = false;
  private readonly gone = Promise.withResolvers<undefined>();

  constructor(name: string, surroundings: Surroundings) {
    this.name = name;
    this.surroundings = surroundings;
    const { clock, random, machines } = surroundings;
    this.remote = new SimRemote({
      name,
      clock,
      random,
      machines,
      isDead: () => this.isDead,
      die: () => this.die(),
      fateOf: (call) => surroundings.fateOf(this, call),
      tell: (text) => surroundings.tell(`${name} ${text}`),
    });
  }

  /** One pass over the head; undefined when the controller died in it. */
  async pass(cause: RevisionOutcome["cause"]): Promise<RevisionOutcome | undefined> {
    const { source } = this.surroundings;
    const request = {
      revision: await source.head(),
      retry: [],
      cause,
      preempt: this.preempt.signal,
    };
    return await Promise.race([reconcile(this.world(), request), this.gone.promise]);
  }

  die(): void {
    this.isDead = true;
    this.remote.vanish(this.surroundings.random.chance(0.5));
    this.gone.resolve(undefined);
  }

  private world(): World {
    const { source, parseCache, tell, started, ended } = this.surroundings;
    return {
      source,
      remote: this.remote,
      clock: this.clock(),
      parseCache,
      secrets: "closed",
      allowRewind: false,
      listener: (event) => {
        if (event.type === "planned") tell(`${this.name} plans ${event.changes} changes`);
        if (event.type === "change-started")
          tell(
            `${this.name} ${event.change.action} ${event.change.address}: ${event.change.reason.text}`,
          );
        if (event.type === "change-failed")
          tell(`${this.name} failed ${event.address}: ${event.text}`);
      },
      reporter: {
        started: async (_, revision) => started(revision),
        ended: async (outcome, isNews) => {
          const before = source.notes.get(outcome.revision);
          if (isNews && !this.isDead) source.notes.set(outcome.revision, noteWith(before, outcome));
          if (!this.isDead) ended(this, outcome, isNews);
        },
        resume: async () => {},
      },
    };
  }

  /** The dead hear no clock. */
  private clock(): Clock {
    const { clock } = this.surroundings;
    return {
      now: () => clock.now(),
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        if (this.isDead) await new Promise(() => undefined);
      },
    };
  }
}
