import { ForgeError, type CommitStatus, type Forge } from "../forges/forge.ts";
import type { Outbox } from "../forges/outbox.ts";
import {
  reportToForge,
  type ForgeReporter,
  type ForgeReporterOptions,
} from "../forges/reporter.ts";
import type { Clock } from "../lib/clock.ts";
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
  readonly clock: Clock;
  readonly log: Log;
  /** Where a revision's statuses go; undefined where nowhere. Asked with each that is told, and the same while nothing changes. */
  readonly post: (revision: string) => Promise<StatusPost | undefined>;
}

export interface OpenReporter extends Reporter {
  /** The forge as it is named at `revision`; undefined where there is none, or it cannot be told for now. */
  forge(revision: string): Promise<Forge | undefined>;
  /** Tells the forge as it is named at `revision`. */
  say(revision: string, statuses: readonly CommitStatus[]): Promise<void>;
  /** Waits until what was told has left, but not longer than this. */
  settle(budgetMs: number): Promise<void>;
}

const recentCommits = 20;

/**
 * The ledger and the forge. Neither holds a deploy up: trouble with them is logged, and statuses wait in the outbox.
 */
export function openReporter(options: ReporterOptions): OpenReporter {
  const { source, clock, log } = options;
  const warn = (text: string): void => log.warn(`statuses: ${text}`);
  let isTold = false;
  const note = async (outcome: RevisionOutcome): Promise<void> => {
    const why = await writeNote(source, outcome, log);
    // Once: it will be the same with the next one.
    if (why !== undefined) log[isTold ? "debug" : "warn"](`the ledger is not pushed: ${why}`);
    isTold = why !== undefined;
  };
  let current: { readonly post: StatusPost; readonly forge: ForgeReporter } | undefined;
  const forgeAt = async (revision: string): Promise<ForgeReporter | undefined> => {
    const post = await options.post(revision);
    if (current?.post === post) return current?.forge;
    await current?.forge.close(0);
    current = post && {
      post,
      forge: reportToForge({ ...post, clock, warn, ...readLedger(source) }),
    };
    return current?.forge;
  };
  let turn: Promise<void> = Promise.resolve();
  const tell = (revision: string, say: (forge: ForgeReporter) => Promise<void>): Promise<void> =>
    (turn = turn.then(async () => {
      try {
        const forge = await forgeAt(revision);
        if (forge !== undefined) await say(forge);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        warn(error.message);
      }
    }));
  return {
    started: async (fleet, revision, changed) =>
      await tell(revision, async (forge) => await forge.started(fleet, revision, changed)),
    ended: async (outcome, isNews) => {
      if (isNews) await note(outcome);
      await tell(outcome.revision, async (forge) => await forge.ended(outcome));
    },
    resume: async (fleet, head) =>
      await tell(head, async (forge) => {
        forge.resume(fleet, head);
        await Promise.resolve();
      }),
    forge: async (revision) => {
      let found: Forge | undefined;
      await tell(revision, async () => {
        found = current?.post.forge;
        await Promise.resolve();
      });
      return found;
    },
    say: async (revision, statuses) =>
      await tell(revision, async (forge) => await forge.say(statuses)),
    settle: async (budgetMs) => {
      await turn;
      await current?.forge.close(budgetMs);
    },
  };
}

/** Where the ledger cannot be asked, that is asked again later, as with the forge itself. */
function readLedger(source: Source): Pick<ForgeReporterOptions, "recent" | "outcomeOf"> {
  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new ForgeError("unavailable", error.message);
    }
  };
  return {
    recent: async () =>
      await asked(async () => (await source.recent(recentCommits)).map(({ revision }) => revision)),
    outcomeOf: async (fleet, revision) =>
      await asked(async () =>
        outcomesOfNote(await source.readNote(revision)).find((o) => o.fleet === fleet),
      ),
  };
}

/** Says why it is only kept here. */
async function writeNote(
  source: Source,
  outcome: RevisionOutcome,
  log: Log,
): Promise<string | undefined> {
  try {
    const { pushed, why = "" } = await source.writeNote(outcome.revision, (before) =>
      noteWith(before, outcome),
    );
    return pushed ? undefined : why;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    log.warn(`the ledger: ${error.message}`);
    return undefined;
  }
}
