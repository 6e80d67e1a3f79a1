import type { NoteText, NoteWritten, UpstreamState } from "./source.ts";
import type { Objects } from "./git/objects.ts";

/** What a repository has to offer so that the rest can be done alike: a local one, or the cache of a remote one. */
export interface Store {
  /** For messages. */
  readonly name: string;
  readonly branch: string;
  readonly objects: Objects;
  readonly notes: Notes;
  head(): Promise<string>;
  /** Runs `work` with these commits and all their files at hand; what can be mended is mended, and `work` run again, once. */
  reading<T>(revisions: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Whether more than what is at hand can be fetched at all. */
  readonly canDeepen: boolean;
  /** Fetches these commits' history to at least that many commits. */
  deepen(revisions: readonly string[], depth: number): Promise<void>;
  /** The commit ids of those of these refs (`HEAD`, `refs/tags/v1`) that there are. */
  refs(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Makes `commit`, written to `objects` on top of `onto`, the head of `branch`. Throws `moved` when it is elsewhere by now. */
  publish(commit: string, onto: string, branch: string): Promise<void>;
  /** Called before a commit is made on the branch's head: throws where publishing it would go wrong. */
  beforePublish(): Promise<void>;
  upstreamState(): Promise<UpstreamState>;
  watch(onMove: () => void): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

/** refs/notes/slipway. */
export interface Notes {
  read(revision: string, again?: "again"): Promise<string | undefined>;
  /** Commit id → note. */
  write(texts: ReadonlyMap<string, NoteText>): Promise<NoteWritten>;
}

export const notesRef = "refs/notes/slipway";

/** All the history there is, as git itself says it. */
export const wholeHistory = 0x7fffffff;

/** How the history is deepened, step by step, until a question can be answered. */
export const depths: readonly number[] = [50, 500, wholeHistory];
