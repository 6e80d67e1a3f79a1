import { createHash } from "node:crypto";
import type { CommitInfo, Snapshot } from "../../../src/model/snapshot.ts";
import {
  SourceError,
  type NoteText,
  type NoteWritten,
  type Source,
} from "../../../src/source/source.ts";
import { snapshotOf } from "../repo.ts";

type Files = Readonly<Record<string, string>>;

interface SimCommit extends CommitInfo {
  readonly files: Files;
}

/** An infra repo with one branch, in memory. */
export class SimSource implements Source {
  readonly commits: SimCommit[] = [];
  readonly notes = new Map<string, string>();

  push(files: Files, message: string): string {
    const parents = this.commits.slice(-1).map((c) => c.revision);
    const revision = createHash("sha1")
      .update(JSON.stringify([files, message, parents]))
      .digest("hex");
    const committedMs = Date.UTC(2030, 0, 1) + this.commits.length;
    this.commits.push({ revision, parents, message, author: "ada", committedMs, files });
    return revision;
  }

  async head(): Promise<string> {
    return this.last().revision;
  }

  async snapshot(revision?: string): Promise<Snapshot> {
    const commit = revision === undefined ? this.last() : this.find(revision);
    return snapshotOf(commit.files, { revision: commit.revision });
  }

  async commit(revision: string): Promise<CommitInfo> {
    return this.find(revision);
  }

  async between(
    from: string | undefined,
    to: string,
    limit: number,
  ): Promise<readonly CommitInfo[]> {
    if (from === undefined) return [this.find(to)];
    const [start, end] = [this.indexOf(from), this.indexOf(to)];
    return this.commits
      .slice(start + 1, end + 1)
      .toReversed()
      .slice(0, limit);
  }

  async descends(ancestor: string, revision: string): Promise<boolean> {
    return this.indexOf(ancestor) <= this.indexOf(revision);
  }

  async recent(limit: number): Promise<readonly CommitInfo[]> {
    return this.commits.toReversed().slice(0, limit);
  }

  async resolve(revision: string): Promise<string> {
    return this.find(revision).revision;
  }

  async readNote(revision: string): Promise<string | undefined> {
    return this.notes.get(revision);
  }

  async writeNote(revision: string, text: NoteText): Promise<NoteWritten> {
    return await this.writeNotes(new Map([[revision, text]]));
  }

  async writeNotes(texts: ReadonlyMap<string, NoteText>): Promise<NoteWritten> {
    for (const [revision, text] of texts)
      this.notes.set(revision, typeof text === "string" ? text : text(this.notes.get(revision)));
    return { pushed: true };
  }

  rollback(): Promise<string> {
    return Promise.reject(new Error("a simulated repo is not rolled back by the controller"));
  }

  async upstreamState(): Promise<{ readonly state: "none" }> {
    return { state: "none" };
  }

  async watch(): Promise<{ close(): Promise<void> }> {
    return { close: async () => {} };
  }

  async close(): Promise<void> {}

  private last(): SimCommit {
    const last = this.commits.at(-1);
    if (last === undefined) throw new SourceError("missing", "an empty repository");
    return last;
  }

  private find(revision: string): SimCommit {
    const found = this.commits.find((c) => c.revision === revision);
    if (found === undefined) throw new SourceError("missing", `no commit ${revision}`);
    return found;
  }

  private indexOf(revision: string): number {
    return this.commits.indexOf(this.find(revision));
  }
}
