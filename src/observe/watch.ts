import type { Clock } from "../lib/clock.ts";
import { isObject } from "../lib/json.ts";
import { jsonLinesOf } from "../lib/lines.ts";
import { RemoteError, type Fleet, type Target } from "../remote/session.ts";

/** What an engine told of something of ours. */
export interface EngineEvent {
  readonly machine: string;
  /** `die`, `destroy`, `rename`, …; `reconnected` when events may have been missed. */
  readonly action: string;
  /** The container's, network's or volume's name. */
  readonly name: string;
}

export interface Watch {
  /** From now on these machines are listened to, and no others. */
  follow(targets: ReadonlyMap<string, Target>, fleet: string): void;
  close(): void;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
const headMs = 20_000;
const fleetLabel = "slipway.fleet";
const onceLabel = "slipway.once";

/** Actions that may make live differ from declared; `exec_*` and health are everyday life. */
const telling = new Set([
  "create",
  "start",
  "die",
  "stop",
  "kill",
  "pause",
  "unpause",
  "destroy",
  "rename",
  "update",
  "oom",
  "connect",
  "disconnect",
  "remove",
]);

/** Listens to each engine's event stream; a stream that ends is opened again with growing pauses. */
export function watchEngines(
  remote: Fleet,
  clock: Clock,
  tell: (event: EngineEvent) => void,
): Watch {
  const following = new Map<string, { readonly key: string; readonly stop: AbortController }>();
  const stopOne = (machine: string): void => {
    following.get(machine)?.stop.abort();
    following.delete(machine);
  };
  return {
    follow: (targets, fleet) => {
      for (const machine of following.keys()) if (!targets.has(machine)) stopOne(machine);
      for (const [machine, target] of targets) {
        const key = JSON.stringify([fleet, target]);
        if (following.get(machine)?.key === key) continue;
        stopOne(machine);
        const stop = new AbortController();
        following.set(machine, { key, stop });
        void listen(remote, target, fleet, clock, tell, stop.signal);
      }
    },
    close: () => {
      for (const machine of following.keys()) stopOne(machine);
    },
  };
}

async function listen(
  remote: Fleet,
  target: Target,
  fleet: string,
  clock: Clock,
  tell: (event: EngineEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = firstPauseMs;
  let missed = false;
  while (!signal.aborted) {
    try {
      const session = await remote.session(target);
      // By label would leave out networks: the engine does not say theirs.
      const filters = JSON.stringify({ type: ["container", "network"], event: [...telling] });
      const path = `/events?filters=${encodeURIComponent(filters)}`;
      const stream = await session.engineStream({ method: "GET", path, timeoutMs: headMs, signal });
      if (missed) tell({ machine: target.machine, action: "reconnected", name: "" });
      pauseMs = firstPauseMs;
      for await (const event of eventsOf(stream.chunks, target.machine, fleet)) tell(event);
    } catch (error) {
      if (!(error instanceof RemoteError) && !signal.aborted) throw error;
    }
    missed = true;
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

async function* eventsOf(
  chunks: AsyncIterable<Uint8Array>,
  machine: string,
  fleet: string,
): AsyncIterable<EngineEvent> {
  for await (const value of jsonLinesOf(chunks)) {
    const event = eventOf(value, machine, fleet);
    if (event !== undefined) yield event;
  }
}

function eventOf(value: unknown, machine: string, fleet: string): EngineEvent | undefined {
  if (!isObject(value)) return undefined;
  const { Type: type, Action: action, Actor: actor } = value;
  if (typeof action !== "string" || !telling.has(action)) return undefined;
  const attributes = isObject(actor) && isObject(actor["Attributes"]) ? actor["Attributes"] : {};
  const name = typeof attributes["name"] === "string" ? attributes["name"] : "";
  const isOurs =
    type === "network"
      ? name === `slipway-${fleet}` || name.startsWith(`slipway-${fleet}-`)
      : attributes[fleetLabel] === fleet && attributes[onceLabel] === undefined;
  return isOurs ? { machine, action, name } : undefined;
}
