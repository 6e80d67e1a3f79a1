import type { Clock } from "../lib/clock.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { closePending } from "./close-pending.ts";
import type { CommitStatus, Forge } from "./forge.ts";
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
  /** What the ledger says came of a revision. */
  readonly outcomeOf: (revision: string) => Promise<RevisionOutcome | undefined>;
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
  /** Ends what a controller before this one left pending. */
  resume(fleet: string, head: string): Promise<void>;
  /** Waits until all is told, but no longer than `budgetMs`; what is not told by then waits in the outbox. */
  close(budgetMs: number): Promise<void>;
}

export function reportToForge(options: ForgeReporterOptions): ForgeReporter {
  const { forge, outbox, clock, warn } = options;
  const courier = openCourier(outbox, clock, warn);
  const descriptionLimit = forge.limits.description;
  /** What was said to be pending last. */
  let tried: { readonly revision: string; readonly changed: readonly string[] } | undefined;
  const saidOf = (revision: string): StatusOptions => ({
    changed: revision === tried?.revision ? tried.changed : [],
    descriptionLimit,
    ...(options.linkOf === undefined ? {} : { targetUrl: options.linkOf(revision) }),
  });
  let newest: RevisionOutcome | undefined;

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
      await put(pendingStatuses(fleet, revision, saidOf(revision)));
    },
    ended: async (outcome) => {
      newest = outcome;
      await put(finalStatuses(outcome, saidOf(outcome.revision)));
    },
    resume: async (fleet, head) => {
      const revisions = await options.recent();
      const known = new Map<string, RevisionOutcome>();
      for (const revision of revisions) {
        const outcome = revision === newest?.revision ? newest : await options.outcomeOf(revision);
        if (outcome?.fleet === fleet) known.set(revision, outcome);
      }
      const ending = {
        head,
        descriptionLimit,
        outcomeOf: (revision: string) => known.get(revision),
      };
      const closing = await closePending(forge, revisions, fleetContext(fleet), (left) =>
        endingOf(left, fleet, ending),
      );
      const [first] = closing.unread;
      if (first !== undefined)
        warn(`what is pending on ${forge.repository} cannot be read: ${first.error.message}`);
      await put(closing.statuses);
    },
    close: async (budgetMs) => await courier.close(budgetMs),
  };
}

interface Courier {
  wake(): void;
  close(budgetMs: number): Promise<void>;
}

/** Flushes whenever something was put, and again when what waits is due. */
function openCourier(outbox: Outbox, clock: Clock, warn: (text: string) => void): Courier {
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
      let wait = Infinity;
      if (isWanted) {
        isWanted = false;
        const flushed = await outbox.flush(closing.signal);
        tell(flushed);
        if (flushed.nextAtMs !== undefined) wait = Math.max(100, flushed.nextAtMs - clock.now());
      }
      if (isWanted || closing.signal.aborted) continue;
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
      if (outbox.waiting() > 0) tell(await outbox.drain(budgetMs, AbortSignal.timeout(budgetMs)));
      const left = outbox.waiting();
      if (left > 0) warn(`${left} have not been sent; they are kept, and sent by the next run`);
    },
  };
}

/** Until the time is over or the signal comes; for ever is a day, so that no timer overflows. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(Math.min(ms, 86_400_000), signal).catch(() => undefined);
}
