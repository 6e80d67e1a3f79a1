import type { Clock } from "../lib/clock.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { closePending } from "./close-pending.ts";
import { pauseMs } from "./backoff.ts";
import { type CommitStatus, type Forge, ForgeError } from "./forge.ts";
import type { Flushed, Outbox } from "./outbox.ts";
import {
  type StatusOptions,
  endingOf,
  fleetContext,
  finalStatuses,
  pendingStatuses,
} from "./statuses.ts";

export interface ForgeReporterOptions {
  readonly forge: Forge;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** The newest commits of the branch, which may have been left pending. */
  readonly recent: () => Promise<readonly string[]>;
  /** What the ledger says came of a revision. As `recent`, rejects with ForgeError where that cannot be read for now. */
  readonly outcomeOf: (fleet: string, revision: string) => Promise<RevisionOutcome | undefined>;
  /** The page of a run, where there is one. */
  readonly linkOf?: (revision: string) => string;
  /** Told what stands in the way; the passes themselves go on. */
  readonly warn: (text: string) => void;
}

/** Tells the forge what passes do. Nothing here waits for the forge but `close`. */
export interface ForgeReporter {
  /** A revision is being tried, which changes these app files. */
  started(fleet: string, revision: string, changed: readonly string[]): Promise<void>;
  ended(outcome: RevisionOutcome): Promise<void>;
  /** Anything else. */
  say(statuses: readonly CommitStatus[]): Promise<void>;
  /** Ends what a controller before this one left pending, as soon as the forge can be read. */
  resume(fleet: string, head: string): void;
  /** Waits until all is told, but no longer than `budgetMs`; what is not told by then waits in the outbox. */
  close(budgetMs: number): Promise<void>;
}

export function reportToForge(options: ForgeReporterOptions): ForgeReporter {
  const { forge, outbox, clock, warn } = options;
  const descriptionLimit = forge.limits.description;
  /** What was said to be pending last. */
  let tried: { readonly revision: string; readonly changed: readonly string[] } | undefined;
  const saidOf = (revision: string): StatusOptions => ({
    changed: revision === tried?.revision ? tried.changed : [],
    descriptionLimit,
    ...(options.linkOf === undefined ? {} : { targetUrl: options.linkOf(revision) }),
  });
  let newest: RevisionOutcome | undefined;
  /** What a controller before this one may have left, and was not looked at yet. */
  let left: Left | undefined;
  /** The newest revision that was heard of: what is pending on older ones is over. */
  let head = "";

  const close = async (signal: AbortSignal): Promise<number | undefined> => {
    const mine = left;
    if (mine === undefined || mine.dueAt > clock.now()) return mine?.dueAt;
    const { fleet } = mine;
    const again = (error: ForgeError, revisions = mine.revisions): number => {
      if (mine.tries === 0) warn(`what is pending on ${forge.repository} waits: ${error.message}`);
      const tries = mine.tries + 1;
      const dueAt = clock.now() + pauseMs(tries, error);
      left = { fleet, tries, dueAt, ...(revisions && { revisions }) };
      return dueAt;
    };
    try {
      const revisions = mine.revisions ?? upTo(head, await options.recent());
      const known = new Map<string, RevisionOutcome>();
      for (const revision of revisions) {
        const isNewest = revision === newest?.revision && newest.fleet === fleet;
        const outcome = isNewest ? newest : await options.outcomeOf(fleet, revision);
        if (outcome !== undefined) known.set(revision, outcome);
      }
      const ending = {
        head,
        descriptionLimit,
        outcomeOf: (revision: string) => known.get(revision),
      };
      const decide = (status: CommitStatus): CommitStatus | undefined =>
        endingOf(status, fleet, ending);
      const closing = await closePending(forge, revisions, fleetContext(fleet), decide, signal);
      await put(closing.statuses);
      const [first] = closing.unread;
      if (first !== undefined)
        return again(
          first.error,
          closing.unread.map(({ revision }) => revision),
        );
      left = undefined;
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof ForgeError)) throw error;
      return again(error);
    }
  };
  const courier = openCourier({ outbox, clock, warn, close });

  const put = async (statuses: readonly CommitStatus[]): Promise<void> => {
    if (statuses.length === 0) return;
    try {
      const left = await outbox.put(statuses);
      if (left.length > 0)
        warn(`${left.length} statuses were dropped: too many wait for ${forge.repository}`);
    } catch (error) {
      warn(`the outbox cannot be written: ${String(error)}`);
    }
    courier.wake();
  };

  return {
    started: async (fleet, revision, changed) => {
      tried = { revision, changed };
      head = revision;
      await put(pendingStatuses(fleet, revision, saidOf(revision)));
    },
    ended: async (outcome) => {
      newest = outcome;
      await put(finalStatuses(outcome, saidOf(outcome.revision)));
    },
    say: put,
    resume: (fleet, newestRevision) => {
      head = newestRevision;
      left = { fleet, tries: 0, dueAt: clock.now() };
      courier.wake();
    },
    close: async (budgetMs) => await courier.close(budgetMs),
  };
}

interface Left {
  readonly fleet: string;
  /** Undefined: not asked for yet. */
  readonly revisions?: readonly string[];
  readonly tries: number;
  readonly dueAt: number;
}

/** What is newer than the head is somebody else's to end. Newest first. */
const upTo = (head: string, revisions: readonly string[]): readonly string[] =>
  revisions.slice(Math.max(0, revisions.indexOf(head)));

interface Courier {
  wake(): void;
  close(budgetMs: number): Promise<void>;
}

interface CourierOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly warn: (text: string) => void;
  /** Ends what was left pending; says when to try again. */
  readonly close: (signal: AbortSignal) => Promise<number | undefined>;
}

/** Flushes whenever something was put, and again when what waits is due. */
function openCourier({ outbox, clock, warn, close }: CourierOptions): Courier {
  const closing = new AbortController();
  let round = new AbortController();
  let isWanted = outbox.waiting() > 0;
  let lastTrouble = "";

  const tell = (flushed: Flushed): void => {
    for (const note of flushed.notes) warn(note);
    const trouble = flushed.trouble?.message ?? "";
    if (trouble !== "" && trouble !== lastTrouble) warn(`statuses wait: ${trouble}`);
    if (trouble !== "" || flushed.waiting === 0) lastTrouble = trouble;
  };

  const running = (async () => {
    while (!closing.signal.aborted) {
      round = new AbortController();
      let next = Infinity;
      if (isWanted) {
        isWanted = false;
        const flushed = await outbox.flush(closing.signal);
        tell(flushed);
        const closeAt = await close(closing.signal);
        next = Math.min(closeAt ?? Infinity, flushed.nextAtMs ?? Infinity);
      }
      if (isWanted || closing.signal.aborted) continue;
      const wait = Math.max(100, next - clock.now());
      await pause(clock, wait, AbortSignal.any([closing.signal, round.signal]));
      isWanted = true;
    }
  })();

  return {
    wake: () => {
      isWanted = true;
      round.abort();
    },
    close: async (budgetMs) => {
      closing.abort();
      await running;
      const end = AbortSignal.timeout(budgetMs);
      const drain = async (): Promise<void> => {
        if (outbox.waiting() > 0) tell(await outbox.drain(budgetMs, end));
      };
      await drain();
      if (!end.aborted) await close(end);
      await drain();
      const left = outbox.waiting();
      if (left > 0) warn(`${left} have not been sent; they are kept, and sent by the next run`);
    },
  };
}

/** Until the time is over or the signal comes; for ever is a day, so that no timer overflows. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(Math.min(ms, 86_400_000), signal).catch(() => undefined);
}
