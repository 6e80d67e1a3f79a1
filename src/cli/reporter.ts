import type { Forge } from "../forges/forge.ts";
import type { Outbox } from "../forges/outbox.ts";
import { closePending } from "../forges/close-pending.ts";
import { endingOf, fleetContext, finalStatuses, pendingStatuses } from "../forges/statuses.ts";
import { noteWith, outcomesOfNote } from "../model/ledger.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import type { Reporter } from "../pass/world.ts";
import type { Log } from "../report/log.ts";
import { SourceError, type Source } from "../source/source.ts";

/** Where statuses go. */
export interface StatusPost {
  readonly forge: Forge;
  readonly outbox: Outbox;
}

export interface ReporterOptions {
  readonly source: Source;
  readonly log: Log;
  /** Undefined where there is no forge to tell; asked when the first thing is told. */
  readonly post: () => Promise<StatusPost | undefined>;
}

export interface OpenReporter extends Reporter {
  /** Waits until what was told has left, but not longer than this. */
  settle(budgetMs: number): Promise<void>;
}

const recentCommits = 20;

/**
 * The ledger and the forge. Neither holds a deploy up: trouble with them is logged, and statuses wait in the outbox.
 */
export function openReporter(options: ReporterOptions): OpenReporter {
  const { source, log } = options;
  const flusher = createFlusher(options);

  const tell = async (
    make: (post: StatusPost) => Promise<Parameters<Outbox["put"]>[0]>,
  ): Promise<void> => {
    const post = await options.post();
    if (post === undefined) return;
    try {
      await post.outbox.put(await make(post));
    } catch (error) {
      log.warn(`statuses: ${messageOf(error)}`);
    }
    flusher.kick();
  };

  return {
    started: async (fleet, revision) =>
      await tell(async ({ forge }) =>
        Promise.resolve(
          pendingStatuses(fleet, revision, {
            changed: [],
            descriptionLimit: forge.limits.description,
          }),
        ),
      ),
    ended: async (outcome, isNews) => {
      if (isNews) await writeNote(source, outcome, log);
      await tell(async ({ forge }) =>
        Promise.resolve(
          finalStatuses(outcome, {
            changed: changedApps(outcome),
            descriptionLimit: forge.limits.description,
          }),
        ),
      );
    },
    resume: async (fleet, head) =>
      await tell(async ({ forge }) => {
        const outcomes = await recentOutcomes(source, fleet);
        const { statuses, unread } = await closePending(
          forge,
          [...outcomes.keys()],
          fleetContext(fleet),
          (left) =>
            endingOf(left, fleet, {
              head,
              outcomeOf: (revision) => outcomes.get(revision),
              descriptionLimit: forge.limits.description,
            }),
        );
        const first = unread[0];
        if (first !== undefined)
          log.warn(`statuses of ${unread.length} commits cannot be read: ${first.error.message}`);
        return statuses;
      }),
    settle: (budgetMs) => flusher.settle(budgetMs),
  };
}

async function writeNote(source: Source, outcome: RevisionOutcome, log: Log): Promise<void> {
  try {
    const before = await source.readNote(outcome.revision);
    const { pushed, why } = await source.writeNote(outcome.revision, noteWith(before, outcome));
    if (!pushed) log.debug(`the note on ${outcome.revision} is not pushed: ${why ?? ""}`);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    log.warn(`the ledger: ${error.message}`);
  }
}

const changedApps = (outcome: RevisionOutcome): readonly string[] =>
  outcome.apps.filter((app) => app.changes > 0).map(({ family }) => family);

async function recentOutcomes(
  source: Source,
  fleet: string,
): Promise<ReadonlyMap<string, RevisionOutcome | undefined>> {
  const outcomes = new Map<string, RevisionOutcome | undefined>();
  for (const { revision } of await source.recent(recentCommits)) {
    const all = outcomesOfNote(await source.readNote(revision));
    outcomes.set(
      revision,
      all.find((outcome) => outcome.fleet === fleet),
    );
  }
  return outcomes;
}

interface Flusher {
  kick(): void;
  settle(budgetMs: number): Promise<void>;
}

/** Sends in the background; what cannot be sent now is tried again when its time has come. */
function createFlusher({ post, log }: ReporterOptions): Flusher {
  let running: Promise<void> = Promise.resolve();
  let again: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    const open = await post();
    if (open === undefined) return;
    const { nextAtMs, notes, trouble } = await open.outbox.flush();
    for (const note of notes) log.warn(`statuses: ${note}`);
    if (trouble !== undefined) log.warn(`statuses wait: ${trouble.message}`);
    clearTimeout(again);
    if (nextAtMs !== undefined)
      again = setTimeout(kick, Math.max(1000, nextAtMs - Date.now())).unref();
  };
  const kick = (): void => {
    running = running
      .then(flush)
      .catch((error: unknown) => log.error(`statuses: ${messageOf(error)}`));
  };
  return {
    kick,
    settle: async (budgetMs) => {
      clearTimeout(again);
      const open = await post();
      await running;
      const left = open === undefined ? undefined : await open.outbox.drain(budgetMs);
      if (left !== undefined && left.waiting > 0)
        log.warn(
          `${left.waiting} statuses have not been sent; they are kept and sent by the next run`,
        );
    },
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
