import { runDaemon } from "../../src/daemon/daemon.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { World } from "../../src/pass/world.ts";
import { until } from "../fleet/wait.ts";
import { openController, type Controller, type ControllerOptions } from "./controller.ts";

/** A daemon in this process. */
export interface Following {
  readonly controller: Controller;
  readonly log: readonly string[];
  /** The last outcome of each pass that ended, in order. */
  outcomes(): readonly RevisionOutcome[];
  /** Waits for a pass over this revision that ended so. */
  ended(revision: string, outcome: string, deadlineMs?: number): Promise<RevisionOutcome>;
  stop(): Promise<void>;
}

/** `instead`: of its world, what a test has otherwise. */
export async function follow(
  options: ControllerOptions,
  instead: Pick<Partial<World>, "clock" | "issuer"> = {},
): Promise<Following> {
  const controller = await openController(options);
  const stop = new AbortController();
  const log: string[] = [];
  const running = runDaemon(
    { ...controller.world, ...instead },
    {
      intervalMs: 500,
      signal: stop.signal,
      log: (level, text) => void log.push(`${level} ${text}`),
    },
  );
  // Whoever stops it hears of it.
  running.catch(() => undefined);
  const outcomes = (): readonly RevisionOutcome[] =>
    controller.events.flatMap((e) => (e.type === "outcome" ? e.outcome : []));
  return {
    controller,
    log,
    outcomes,
    ended: async (revision, outcome, deadlineMs) =>
      await until(
        `${revision.slice(0, 8)} is ${outcome}`,
        async () => outcomes().findLast((o) => o.revision === revision && o.outcome === outcome),
        deadlineMs,
      ),
    stop: async () => {
      stop.abort();
      await running;
      await controller.close();
    },
  };
}
