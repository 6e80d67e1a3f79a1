import type { Clock } from "../lib/clock.ts";
import type { JsonFile } from "../lib/json-file.ts";
import { groupBy } from "../lib/parallel.ts";
import { shortRevision } from "../lib/text.ts";
import { pauseMs } from "./backoff.ts";
import { type CommitStatus, type Forge, ForgeError } from "./forge.ts";
import { isPlanned } from "./statuses.ts";
import { type Entry, keyOf, type Queue, queueFrom, queueToJson } from "./outbox-queue.ts";

export interface OutboxOptions {
  readonly forge: Forge;
  readonly file: JsonFile;
  readonly clock: Clock;
  /** Which forge this is: what waits for another one is not told to it. */
  readonly place?: string;
  /** Statuses that wait at once; the oldest go first when there are more. */
  readonly limit?: number;
}

export interface Flushed {
  readonly posted: number;
  readonly waiting: number;
  /** When to flush again, milliseconds since 1970; undefined when nothing waits. */
  readonly nextAtMs?: number;
  /** What was given up or could not be written, in words. */
  readonly notes: readonly string[];
  /** What stood in the way of all that waits. */
  readonly trouble?: ForgeError;
}

/**
 * Statuses on their way to the forge. What is put survives a crash; it leaves when the forge was seen to say it. A
 * status that the forge says already is not posted, so that posting again after a crash repeats nothing.
 */
export interface Outbox {
  /**
   * Durable once it resolves, with what had to leave to make room. The newest of each revision and context wins.
   * Rejects when the file cannot be written; what was put is flushed all the same.
   */
  put(statuses: readonly CommitStatus[]): Promise<readonly CommitStatus[]>;
  /** One attempt at all that is due. Never rejects for trouble with the forge or the file. */
  flush(signal?: AbortSignal): Promise<Flushed>;
  /** Flushes until nothing waits, but no longer than `budgetMs`. */
  drain(budgetMs: number, signal?: AbortSignal): Promise<Flushed>;
  waiting(): number;
}

/** No back-off and no rate limit reaches further; a stored time that does was written by another clock. */
const longestQuietMs = 65 * 60_000;
/** A commit that the forge has not heard of by then will not come, nor a token that it takes. */
const longestStayMs = 24 * 3_600_000;
/** A commit that is pushed a little later is no news; by this try it is. */
const saidAtTry = 6;

/** Also says what was wrong with the file, where it was damaged. */
export async function openOutbox(
  options: OutboxOptions,
): Promise<{ outbox: Outbox; warning?: string }> {
  const { value, warning } = await options.file.read();
  const stored = queueFrom(value, options.clock.now() + longestQuietMs, options.place);
  const { strays, ...queue } = stored;
  const dropped =
    strays === 0 ? undefined : `${strays} that waited for another forge are not sent to this one`;
  const outbox = outboxOver(options, queue);
  const said = warning ?? dropped;
  return { outbox, ...(said === undefined ? {} : { warning: said }) };
}

function outboxOver(
  { forge, file, clock, place, limit = 500 }: OutboxOptions,
  queue: Queue,
): Outbox {
  let flushing: Promise<unknown> = Promise.resolve();

  const save = async (): Promise<void> => await file.write(queueToJson(queue, place));
  const isCurrent = (entry: Entry): boolean => queue.entries.get(keyOf(entry.status)) === entry;
  const forget = (entry: Entry): void => {
    if (isCurrent(entry)) queue.entries.delete(keyOf(entry.status));
  };
  const postpone = (entry: Entry, why: string, notes: string[]): void => {
    if (clock.now() - entry.putAt > longestStayMs) {
      notes.push(`gave up ${named(entry.status)}: ${why}`);
      forget(entry);
    } else if (isCurrent(entry)) {
      const tries = entry.tries + 1;
      if (tries === saidAtTry) notes.push(`${named(entry.status)} waits: ${why}`);
      queue.entries.set(keyOf(entry.status), {
        ...entry,
        tries,
        dueAt: clock.now() + pauseMs(tries),
      });
    }
  };

  /** What nobody will take any more is not offered for ever. */
  const giveUpOld = (why: string, notes: string[]): void => {
    const old = [...queue.entries.values()].filter((e) => clock.now() - e.putAt > longestStayMs);
    for (const entry of old) forget(entry);
    if (old.length > 0) notes.push(`gave up ${old.length} that waited for a day: ${why}`);
  };

  /** Reads, posts what is not said yet, reads back. */
  const settle = async (
    due: readonly Entry[],
    revision: string,
    notes: string[],
    signal?: AbortSignal,
  ): Promise<number> => {
    const before = await forge.list(revision, signal);
    const posted: Entry[] = [];
    for (const entry of due) {
      if (!isCurrent(entry)) continue;
      const status = forge.fit(entry.status);
      if (before.some((s) => says(s, status))) {
        forget(entry);
        continue;
      }
      try {
        await forge.post(status, signal);
        posted.push(entry);
      } catch (error) {
        if (!(error instanceof ForgeError) || error.trouble !== "refused") throw error;
        notes.push(`gave up ${named(status)}: ${error.message}`);
        forget(entry);
      }
    }
    if (posted.length === 0) return 0;
    const after = await forge.list(revision, signal);
    const seen = posted.filter((entry) => after.some((s) => says(s, forge.fit(entry.status))));
    for (const entry of posted) {
      if (seen.includes(entry)) forget(entry);
      else postpone(entry, "the forge took it and does not show it", notes);
    }
    return seen.length;
  };

  const round = async (signal?: AbortSignal): Promise<Flushed> => {
    const notes: string[] = [];
    let posted = 0;
    let trouble: ForgeError | undefined;
    const now = clock.now();
    const due =
      queue.quietUntil > now ? [] : [...queue.entries.values()].filter((e) => e.dueAt <= now);
    for (const [revision, entries] of groupBy(due, (e) => e.status.revision)) {
      if (trouble !== undefined || isAborted(signal)) break;
      try {
        posted += await settle(entries, revision, notes, signal);
        queue.failures = 0;
        queue.isDenied = false;
      } catch (error) {
        if (isAborted(signal)) break;
        if (!(error instanceof ForgeError)) throw error;
        if (error.trouble === "missing" || error.trouble === "refused") {
          for (const entry of entries.filter(isCurrent)) postpone(entry, error.message, notes);
        } else {
          trouble = error;
          queue.failures++;
          queue.quietUntil = clock.now() + pauseMs(queue.failures, error);
          queue.isDenied = error.trouble === "denied";
          if (queue.isDenied) giveUpOld(error.message, notes);
        }
      }
    }
    if (due.length > 0)
      await save().catch((error: unknown) =>
        notes.push(`the outbox cannot be written: ${String(error)}`),
      );
    return { posted, notes, ...state(), ...(trouble === undefined ? {} : { trouble }) };
  };

  const state = (): { waiting: number; nextAtMs?: number } => {
    const waiting = queue.entries.size;
    if (waiting === 0) return { waiting };
    const soonest = [...queue.entries.values()].reduce(
      (least, e) => Math.min(least, e.dueAt),
      Infinity,
    );
    return { waiting, nextAtMs: Math.max(soonest, queue.quietUntil) };
  };

  const flush = async (signal?: AbortSignal): Promise<Flushed> => {
    const turn = flushing.then(async () => await round(signal));
    flushing = turn.catch(() => undefined);
    return await turn;
  };

  return {
    put: async (statuses) => {
      for (const status of statuses) {
        const key = keyOf(status);
        queue.entries.delete(key);
        queue.entries.set(key, { status, putAt: clock.now(), dueAt: clock.now(), tries: 0 });
      }
      const leaving = firstToGo(queue, queue.entries.size - limit);
      for (const entry of leaving) forget(entry);
      await save();
      return leaving.map((entry) => entry.status);
    },
    flush,
    drain: async (budgetMs, signal) => {
      const end = clock.now() + budgetMs;
      for (let posted = 0, notes: readonly string[] = []; ;) {
        const flushed = await flush(signal);
        posted += flushed.posted;
        notes = [...notes, ...flushed.notes];
        const next = flushed.nextAtMs;
        if (next === undefined || next > end || isAborted(signal))
          return { ...flushed, posted, notes };
        await clock.sleep(Math.max(1, next - clock.now()), signal).catch(() => undefined);
      }
    },
    waiting: () => queue.entries.size,
  };
}

/** The oldest, those first of which nothing is missed: what never was said to be pending needs no end. */
function firstToGo(queue: Queue, count: number): readonly Entry[] {
  if (count <= 0) return [];
  const entries = [...queue.entries.values()];
  const isPending = (entry: Entry): boolean => entry.status.state === "pending";
  return [...entries.filter(isPending), ...entries.filter((e) => !isPending(e))].slice(0, count);
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted ?? false;

const named = (status: CommitStatus): string =>
  `${status.context} ${status.state} on ${shortRevision(status.revision)}`;

/**
 * Green that is green already, in other words, is no transition; what is wrong now may be something else than before, and
 * what is planned too.
 */
function says(said: CommitStatus, wanted: CommitStatus): boolean {
  if (said.context.toLowerCase() !== wanted.context.toLowerCase() || said.state !== wanted.state)
    return false;
  return (
    (wanted.state === "success" && !isPlanned(wanted)) ||
    wanted.state === "pending" ||
    said.description === wanted.description
  );
}
