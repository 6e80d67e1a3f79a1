import { test } from "node:test";
import { runDaemon } from "../../src/daemon/daemon.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { World } from "../../src/pass/world.ts";
import { SourceError, type Source } from "../../src/source/source.ts";

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const head = "1".repeat(40);

/** A repository that answers so, and no machine. */
function daemonOver(source: Partial<Source>) {
  const stop = new AbortController();
  const world = {
    source: { watch: () => Promise.resolve({ close: () => Promise.resolve() }), ...source },
    remote: {},
    clock: systemClock,
    listener: () => undefined,
    reporter: { resume: never },
  } as unknown as World;
  const options = { intervalMs: 3_600_000, signal: stop.signal, log: () => undefined };
  return { stop, running: runDaemon(world, options) };
}

/** Each is waited for when the stop comes; the test's own time limit is what tells a wait that goes on. */
const waits: readonly (readonly [
  where: string,
  source: (reached: () => void) => Partial<Source>,
])[] = [
  ["asking for the head", (reached) => ({ head: () => (reached(), never()) })],
  [
    "fetching the revision",
    (reached) => ({
      head: () => Promise.resolve(head),
      snapshot: () => (reached(), never()),
    }),
  ],
  [
    "waiting for the next look",
    (reached) => ({
      head: () => {
        setImmediate(reached);
        return Promise.reject(new SourceError("unreachable", "away"));
      },
      snapshot: () => Promise.reject(new SourceError("unreachable", "away")),
    }),
  ],
];

for (const [where, source] of waits) {
  test(`a stop while ${where} is answered at once`, { timeout: 60_000 }, async () => {
    const reached = Promise.withResolvers<void>();
    const { stop, running } = daemonOver(source(reached.resolve));
    await reached.promise;
    stop.abort();
    await running;
  });
}
