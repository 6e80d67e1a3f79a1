import { setMaxListeners } from "node:events";
import { freshClient, keptClient, streamClient, type Job } from "./clients.ts";
import { aimAt } from "./exchange.ts";
import { socketClient } from "./sockets.ts";
import { openTally } from "./tally.ts";
import type { LoadOptions, LoadReport, Target } from "./types.ts";

/** The clients of a load, at work. */
export interface Crew {
  look(): LoadReport;
  stop(): Promise<LoadReport>;
}

/** About a thousand requests a second, and some of all that a switch can break. */
const usual: Omit<LoadOptions, "targets" | "ca"> = {
  kept: 12,
  fresh: 2,
  posts: true,
  pauseMs: 10,
  streams: 1,
  streamMs: 100,
  streamChunks: 60,
  sockets: 5,
  echoMs: 100,
  timeoutMs: 10_000,
};

export type Clients = Partial<Omit<LoadOptions, "targets">>;

export function startCrew(targets: readonly Target[], clients: Clients): Crew {
  const options: LoadOptions = { ...usual, ...clients, targets };
  const aims = targets.map((target) => aimAt(target, options.ca));
  const tally = openTally(() => performance.now(), Date.now());
  const [stop, abort] = [new AbortController(), new AbortController()];
  setMaxListeners(0, stop.signal, abort.signal);
  const all = (
    count: number,
    client: (job: Job, index: number) => Promise<void>,
  ): readonly Promise<void>[] =>
    Array.from({ length: count }, (_, index) => {
      const aim = aims[index % aims.length];
      if (aim === undefined) throw new Error("no target");
      return client({ aim, options, tally, stop: stop.signal, abort: abort.signal }, index);
    });
  const running = Promise.all([
    ...all(options.kept, keptClient),
    ...all(options.fresh, freshClient),
    ...all(options.streams, streamClient),
    ...all(options.sockets, socketClient),
  ]);
  return {
    look: tally.report,
    stop: async () => {
      stop.abort();
      const late = setTimeout(() => abort.abort(), options.timeoutMs);
      await running;
      clearTimeout(late);
      return tally.report();
    },
  };
}
