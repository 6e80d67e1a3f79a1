import type { Forge } from "../forges/forge.ts";
import type { Outbox } from "../forges/outbox.ts";
import { reportToForge, type ForgeReporter } from "../forges/reporter.ts";
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
  const { source, clock, log } = options;
  const warn = (text: string): void => log.warn(`statuses: ${text}`);
  let fleet = "";
  let isTold = false;
  const note = async (outcome: RevisionOutcome): Promise<void> => {
    const why = await writeNote(source, outcome, log);
    // Once: it will be the same with the next one.
    if (why !== undefined) log[isTold ? "debug" : "warn"](`the ledger is not pushed: ${why}`);
    isTold = why !== undefined;
  };
  let opened: Promise<ForgeReporter | undefined> | undefined;
  const open = async (): Promise<ForgeReporter | undefined> => {
    const post = await options.post();
    if (post === undefined) return undefined;
    return reportToForge({
      ...post,
      clock,
      warn,
      recent: async () => (await source.recent(recentCommits)).map(({ revision }) => revision),
      outcomeOf: async (revision) => await outcomeAt(source, fleet, revision),
    });
  };
  const tell = async (say: (forge: ForgeReporter) => Promise<void>): Promise<void> => {
    try {
      const forge = await (opened ??= open());
      if (forge !== undefined) await say(forge);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      warn(error.message);
    }
  };
  return {
    started: async (name, revision, changed) =>
      await tell(async (forge) => await forge.started(name, revision, changed)),
    ended: async (outcome, isNews) => {
      if (isNews) await note(outcome);
      await tell(async (forge) => await forge.ended(outcome));
    },
    resume: async (name, head) => {
      fleet = name;
      await tell(async (forge) => await forge.resume(name, head));
    },
    settle: async (budgetMs) => {
      const forge = await opened;
      await forge?.close(budgetMs);
    },
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

async function outcomeAt(
  source: Source,
  fleet: string,
  revision: string,
): Promise<RevisionOutcome | undefined> {
  const outcomes = outcomesOfNote(await source.readNote(revision));
  return outcomes.find((outcome) => outcome.fleet === fleet);
}
