import type { CommitInfo, Snapshot } from "../model/snapshot.ts";
/** The interface to the infra repo. */
export interface Source {
  /** The branch's head, by one ref listing. */
  head(): Promise<string>;
  /** Fetches what is missing and pins that commit (default: the head). */
  snapshot(revision?: string): Promise<Snapshot>;
  /** The commit itself: message, parents, author. Throws SourceError `missing` when it cannot be had. */
  commit(revision: string): Promise<CommitInfo>;
  /** Commits reachable from `to` and not from `from` (all parents), newest first, at most `limit`; without `from` only `to`. */
  between(from: string | undefined, to: string, limit: number): Promise<readonly CommitInfo[]>;
  descends(ancestor: string, revision: string): Promise<boolean>;
  /** The newest commits of the branch along first parents. */
  recent(limit: number): Promise<readonly CommitInfo[]>;
  /** A full commit id for a revision as people write it: `HEAD~1`, a branch, an abbreviation. */
  resolve(revision: string): Promise<string>;
  readNote(revision: string): Promise<string | undefined>;
  /** Writes refs/notes/slipway and pushes it where the remote allows; says whether it was pushed. */
  writeNote(revision: string, text: string): Promise<{ readonly pushed: boolean; readonly why?: string }>;
  /** Makes the commit that brings `revision`'s tree back (a revert of all since), and pushes it to `branch`. */
  rollback(options: { readonly to: string; readonly branch: string; readonly message: string }): Promise<string>;
  /** Calls back when the refs move, where that can be heard (a local repository). */
  watch(onMove: () => void): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

export type SourceTrouble = "unreachable" | "denied" | "missing" | "rewritten" | "too-large" | "unsupported" | "damaged";

/** Operational trouble with the repo, by what happens next. Messages never hold credentials. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly trouble: SourceTrouble;
  constructor(trouble: SourceTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}
