/** One entry of a pinned tree. */
export interface TreeEntry {
  /** From the repo's root (or `--path`), with `/`. */
  readonly path: string;
  readonly blob: string;
  readonly type: "file" | "executable" | "symlink" | "submodule";
}

/** The tree of one commit, in memory; never checked out. */
export interface Snapshot {
  readonly revision: string;
  readonly entries: readonly TreeEntry[];
  /** Set when the tree holds more than was read: its size limit, said in words. */
  readonly truncated?: string;
  /** A blob's bytes. Throws SourceError `too-large` past `maxBytes`. */
  read(blob: string, maxBytes: number): Promise<Uint8Array>;
}

export interface CommitInfo {
  readonly revision: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly committedMs: number;
}

export const subjectOf = (commit: CommitInfo): string => commit.message.split("\n", 1)[0] ?? "";
