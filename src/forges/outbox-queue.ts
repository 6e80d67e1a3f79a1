import { isObject, type Json } from "../lib/json.ts";
import type { CommitStatus, StatusState } from "./forge.ts";

/** A status that waits. Replaced as a whole, never changed, so that identity tells whether it is still the newest. */
export interface Entry {
  readonly status: CommitStatus;
  /** Milliseconds since 1970, as are all times here. */
  readonly putAt: number;
  readonly dueAt: number;
  readonly tries: number;
}

export interface Queue {
  /** By `keyOf`, oldest first. */
  readonly entries: Map<string, Entry>;
  /** How often in a row the forge could not be used, and until when it is left alone. */
  failures: number;
  quietUntil: number;
  /** It is the token that is refused: the next process may have another, and asks at once. */
  isDenied: boolean;
}

/** Forges do not tell apart contexts by case. */
export const keyOf = (status: CommitStatus): string =>
  `${status.revision} ${status.context.toLowerCase()}`;

export const queueToJson = (queue: Queue, place: string | undefined): Json => ({
  version: 1,
  ...(place === undefined ? {} : { place }),
  failures: queue.isDenied ? 0 : queue.failures,
  quietUntil: queue.isDenied ? 0 : queue.quietUntil,
  entries: [...queue.entries.values()].map((e) => ({ ...e, status: { ...e.status } })),
});

/**
 * What can be read of a stored queue. No time in it lies past `latest`, whatever the clock did since. `strays` counts what
 * waited for another place and was left out.
 */
export function queueFrom(
  stored: Json | undefined,
  latest: number,
  place?: string,
): Queue & { readonly strays: number } {
  const queue = {
    entries: new Map<string, Entry>(),
    failures: 0,
    quietUntil: 0,
    isDenied: false,
    strays: 0,
  };
  if (!isObject(stored) || stored["version"] !== 1 || !Array.isArray(stored["entries"]))
    return queue;
  if (place !== undefined && typeof stored["place"] === "string" && stored["place"] !== place)
    return { ...queue, strays: stored["entries"].length };
  queue.failures = numberOf(stored["failures"]);
  queue.quietUntil = Math.min(latest, numberOf(stored["quietUntil"]));
  for (const item of stored["entries"] as readonly Json[]) {
    const status = isObject(item) ? statusOf(item["status"]) : undefined;
    if (status === undefined || !isObject(item)) continue;
    const [putAt, dueAt] = [numberOf(item["putAt"]), numberOf(item["dueAt"])].map((t) =>
      Math.min(latest, t),
    );
    queue.entries.set(keyOf(status), {
      status,
      putAt: putAt ?? 0,
      dueAt: dueAt ?? 0,
      tries: numberOf(item["tries"]),
    });
  }
  return queue;
}

function statusOf(value: Json | undefined): CommitStatus | undefined {
  if (!isObject(value)) return undefined;
  const { revision, context, state, description, targetUrl } = value;
  if (typeof revision !== "string" || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(revision))
    return undefined;
  if (typeof context !== "string" || typeof description !== "string" || !isState(state))
    return undefined;
  return {
    revision,
    context,
    state,
    description,
    ...(typeof targetUrl === "string" ? { targetUrl } : {}),
  };
}

const isState = (value: unknown): value is StatusState =>
  value === "pending" || value === "success" || value === "failure" || value === "error";

const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;
