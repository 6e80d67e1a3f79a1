import type { CommitInfo, Snapshot } from "../model/snapshot.ts";

/** The interface to the infra repo. Every method throws SourceError for operational trouble. */
export interface Source {
  /** The branch's head, by one ref listing; only when it moved is the rest fetched. Throws `rewritten`. */
  head(): Promise<string>;
  /** Fetches what is missing and pins that commit (default: the head). */
  snapshot(revision?: string): Promise<Snapshot>;
  /** The commit itself: message, parents, author. Throws SourceError `missing` when it cannot be had. */
  commit(revision: string): Promise<CommitInfo>;
  /** Commits reachable from `to` and not from `from` (all parents), newest first, at most `limit`; without `from` only `to`. */
  between(from: string | undefined, to: string, limit: number): Promise<readonly CommitInfo[]>;
  /** Whether `ancestor` is `revision` or one of its ancestors. */
  descends(ancestor: string, revision: string): Promise<boolean>;
  /** The newest commits of the branch along first parents. */
  recent(limit: number): Promise<readonly CommitInfo[]>;
  /** A full commit id for a revision as people write it: `HEAD~1`, a branch, a tag, an abbreviation. */
  resolve(revision: string): Promise<string>;
  /** What of the notes is at hand; `again` asks for what others wrote since, where that can be asked. */
  readNote(revision: string, again?: "again"): Promise<string | undefined>;
  /** Writes refs/notes/slipway and pushes it where the remote allows; says whether it was pushed. */
  writeNote(revision: string, text: NoteText): Promise<NoteWritten>;
  /** The same for several (commit id → note), pushed together. */
  writeNotes(texts: ReadonlyMap<string, NoteText>): Promise<NoteWritten>;
  /** Makes the commit that brings `to`'s tree back (a revert of all since) on the branch's head, and publishes it. */
  rollback(options: Rollback): Promise<string>;
  /** How a local clone's branch stands to the branch that it tracks; `none` where it tracks none. */
  upstreamState(): Promise<UpstreamState>;
  /** Calls back when the branch moves, where that can be heard (a local repository). */
  watch(onMove: () => void): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

/** A note, or what is made of the one that is there by then. */
export type NoteText = string | ((before: string | undefined) => string);

/** `pushed` false: it is kept locally, and goes along with the next one that can be pushed. */
export interface NoteWritten {
  readonly pushed: boolean;
  readonly why?: string;
}

export interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface Rollback {
  /** A full commit id. */
  readonly to: string;
  /** Where the commit is published: the source's own branch, or a new one (for a pull request). */
  readonly branch: string;
  readonly message: string;
  /** Default: slipway. */
  readonly author?: Identity;
  /** The head that the user saw; another one by now is SourceError `moved`. */
  readonly expectedHead?: string;
}

export interface UpstreamState {
  readonly state: "none" | "same" | "ahead" | "behind" | "diverged";
  /** The upstream as people call it: `origin/main`. */
  readonly upstream?: string;
}

/**
 * By what happens next: `unreachable` is tried again later; `moved` means that somebody else was faster, look again;
 * the others stay until a person acts.
 */
export type SourceTrouble =
  | "unreachable"
  | "denied"
  | "missing"
  | "rewritten"
  | "moved"
  | "too-large"
  | "unsupported"
  | "damaged";

/** Operational trouble with the repo, by what happens next. Messages never hold credentials. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly trouble: SourceTrouble;
  constructor(trouble: SourceTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}
