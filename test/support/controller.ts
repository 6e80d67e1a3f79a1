import { readFile } from "node:fs/promises";
import { systemClock } from "../../src/lib/clock.ts";
import { createParseCache } from "../../src/load/load.ts";
import type { Event } from "../../src/model/events.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { Plan } from "../../src/model/plan.ts";
import { formerRevisions } from "../../src/pass/former.ts";
import { lookWith } from "../../src/pass/look.ts";
import { readRevision } from "../../src/pass/revision.ts";
import type { Request, World } from "../../src/pass/world.ts";
import { reconcile } from "../../src/reconcile.ts";
import { createFleet } from "../../src/remote/fleet.ts";
import type { Fleet as Remote } from "../../src/remote/session.ts";
import { openSource } from "../../src/source/open.ts";

/** Plain data, so that a controller in a process of its own can be told the same. */
export interface ControllerOptions {
  /** The infra repo's folder. */
  readonly repo: string;
  readonly sshKeyFile: string;
  readonly allowRewind?: boolean;
  /** How long a machine waits before it puts back a trial by itself. */
  readonly trialMs?: number;
}

/** One controller: a repo, connections of its own, and passes over both. */
export interface Controller {
  readonly world: World;
  /** Of its passes. */
  readonly events: readonly Event[];
  /** What was told as final, in order. */
  readonly told: readonly RevisionOutcome[];
  reconcile(request?: Partial<Request>): Promise<RevisionOutcome>;
  plan(): Promise<Plan>;
  close(): Promise<void>;
}

// The schemas are compiled once for all controllers of a process; nothing else is shared through it but parsed files.
const parseCache = createParseCache();

export async function openController(
  options: ControllerOptions,
  wrap: (remote: Remote) => Remote = (remote) => remote,
): Promise<Controller> {
  const { repo, sshKeyFile, allowRewind = false, trialMs } = options;
  const source = await openSource({ repo, branch: "main", stateDir: `${repo}/.git/slipway` });
  const text = await readFile(sshKeyFile, "utf8");
  const remote = wrap(createFleet({ privateKeys: [{ source: sshKeyFile, text }] }));
  const events: Event[] = [];
  const told: RevisionOutcome[] = [];
  const world: World = {
    source,
    remote,
    clock: systemClock,
    parseCache,
    secrets: "closed",
    allowRewind,
    ...(trialMs === undefined ? {} : { trialMs }),
    listener: (event) => void events.push(event),
    reporter: {
      started: async () => {},
      ended: async (outcome, isNews) => {
        told.push(outcome);
        if (isNews) await source.writeNote(outcome.revision, JSON.stringify(outcome));
      },
      resume: async () => {},
    },
  };
  const requestOf = (more: Partial<Request> = {}): Request => ({
    retry: [],
    cause: "commit",
    preempt: new AbortController().signal,
    ...more,
  });
  return {
    world,
    events,
    told,
    reconcile: async (more) => await reconcile(world, requestOf(more)),
    plan: async () => {
      const unheard = { ...world, listener: () => undefined };
      const revision = await readRevision(unheard);
      const former = formerRevisions(unheard, revision);
      const look = await lookWith(unheard, requestOf(), revision, former, systemClock.now());
      return (await look()).plan;
    },
    close: async () => {
      await remote.close();
      await source.close();
    },
  };
}
