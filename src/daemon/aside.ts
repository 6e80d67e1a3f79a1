import type { RevisionOutcome } from "../model/outcome.ts";

/** What is done while nothing else is to do: given where the branch stands and what came of that. Ends soon when aborted. */
export type AsideWork = (
  head: string,
  outcome: RevisionOutcome,
  signal: AbortSignal,
) => Promise<void>;

export interface Aside {
  /** Begins unless it is under way. */
  begin(head: string, outcome: RevisionOutcome): void;
  /** A pass is to begin: it waits for nothing here. */
  giveWay(): void;
}

/** One at a time: also one that gave way and is slow to end keeps the next from beginning. */
export function openAside(
  work: AsideWork | undefined,
  log: (level: "error", text: string) => void,
): Aside {
  let running: AbortController | undefined;
  return {
    begin: (head, outcome) => {
      if (work === undefined || running !== undefined) return;
      const own = (running = new AbortController());
      work(head, outcome, own.signal)
        .catch((error: unknown) => {
          if (own.signal.aborted) return;
          // A mistake of ours here is no reason not to deploy.
          log("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
        })
        .finally(() => {
          running = undefined;
        });
    },
    giveWay: () => running?.abort(),
  };
}
