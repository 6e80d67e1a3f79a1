import { noBranch } from "../branches.ts";
import { branchNames, headBranch, moveRef, readRef } from "../git/refs.ts";
import { localNotes } from "./notes.ts";
import { descends } from "../history.ts";
import type { Layout } from "./layout.ts";
import { ObjectError, Objects } from "../git/objects.ts";
import { type NoteWritten, SourceError, type UpstreamState } from "../source.ts";
import type { Notes, Store } from "../store.ts";
import { type Clone, shareNotes, type SharedNotes } from "./shared-notes.ts";
import { type Upstream, upstreamOf } from "./upstream.ts";
import { watchBranch } from "./watch.ts";
import { publishInClone, refreshClone } from "./work-tree.ts";

/** How a clone reaches the remote that its branch tracks. */
export type Sharing = Pick<Clone, "token" | "timeoutMs">;

/** A repository on this machine, read where it is. */
export class LocalStore implements Store {
  readonly name: string;
  readonly branch: string;
  readonly objects: Objects;
  readonly notes: Notes;
  readonly canDeepen = false;
  readonly #layout: Layout;

  constructor(path: string, branch: string, layout: Layout, sharing: Sharing) {
    this.name = path;
    this.branch = branch;
    this.#layout = layout;
    this.objects = new Objects(layout.gitdir);
    const shared =
      layout.workTree === undefined
        ? undefined
        : shareNotes({ ...sharing, objects: this.objects, workTree: layout.workTree });
    const notes = localNotes(this.objects, () => this.#publishNotes(shared));
    this.notes = {
      read: (revision) => this.reading([], () => notes.read(revision)),
      write: (texts) => this.reading([], () => notes.write(texts)),
    };
  }

  async head(): Promise<string> {
    const head = await readRef(this.#layout.gitdir, `refs/heads/${this.branch}`);
    if (head !== undefined) return head;
    throw noBranch(this.name, this.branch, await branchNames(this.#layout.gitdir));
  }

  /** Git may be packing right now: what cannot be read is looked for again, once. */
  async reading<T>(revisions: readonly string[], work: () => Promise<T>): Promise<T> {
    const attempt = async (): Promise<T> => {
      for (const revision of revisions) await this.objects.links(revision);
      return await work();
    };
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
    }
    this.objects.forgetPacks();
    try {
      return await attempt();
    } catch (error) {
      throw error instanceof ObjectError ? this.#trouble(error, revisions) : error;
    }
  }

  deepen(): Promise<void> {
    return Promise.resolve();
  }

  async refs(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const name of names) {
      const oid = await readRef(this.#layout.gitdir, name);
      const commit =
        oid === undefined ? undefined : await this.reading([], () => this.objects.peel(oid));
      if (commit !== undefined) found.set(name, commit);
    }
    return found;
  }

  /** In a clone that people work in, its upstream is asked first: a rollback is made on the newest commit or not at all. */
  async beforePublish(): Promise<void> {
    const { workTree } = this.#layout;
    const upstream = await this.#upstream();
    if (workTree === undefined || upstream === undefined) return;
    await refreshClone(workTree, upstream);
    const { state } = await this.upstreamState();
    if (state === "same") return;
    const advice = state === "ahead" ? "push or drop your commits first" : "run `git pull` first";
    throw new SourceError(
      "moved",
      `${this.branch} is not at ${upstream.shown} (${state}): ${advice}`,
    );
  }

  async publish(commit: string, onto: string, branch: string): Promise<void> {
    const { gitdir, workTree } = this.#layout;
    const ref = `refs/heads/${branch}`;
    if (workTree !== undefined) {
      const isCheckedOut = (await headBranch(gitdir)) === ref;
      const upstream = await this.#upstream();
      await publishInClone({
        workTree,
        gitdir,
        commit,
        onto,
        branch,
        isOwnBranch: branch === this.branch,
        isCheckedOut,
        upstream,
      });
    } else if (!(await moveRef(gitdir, ref, branch === this.branch ? onto : undefined, commit))) {
      throw new SourceError("moved", `${branch} in ${this.name} has moved, or is there already`);
    }
  }

  async upstreamState(): Promise<UpstreamState> {
    const upstream = await this.#upstream();
    const theirs = upstream && (await readRef(this.#layout.gitdir, upstream.trackingRef));
    if (upstream === undefined || theirs === undefined) return { state: "none" };
    const ours = await this.head();
    return { state: await this.#compare(ours, theirs), upstream: upstream.shown };
  }

  watch(onMove: () => void): Promise<{ close(): Promise<void> }> {
    const { gitdir } = this.#layout;
    return watchBranch(gitdir, () => readRef(gitdir, `refs/heads/${this.branch}`), onMove);
  }

  close(): Promise<void> {
    this.objects.close();
    return Promise.resolve();
  }

  #upstream(): Promise<Upstream | undefined> {
    return upstreamOf(this.#layout.gitdir, this.branch);
  }

  async #compare(ours: string, theirs: string): Promise<"same" | "ahead" | "behind" | "diverged"> {
    if (ours === theirs) return "same";
    if (await this.#knownToDescend(theirs, ours)) return "ahead";
    return (await this.#knownToDescend(ours, theirs)) ? "behind" : "diverged";
  }

  /** In a shallow clone it cannot always be told; then it is taken for the worst. */
  async #knownToDescend(ancestor: string, revision: string): Promise<boolean> {
    try {
      return await descends(this, ancestor, revision);
    } catch (error) {
      if (error instanceof SourceError && error.trouble === "missing") return false;
      throw error;
    }
  }

  /** Others read a clone's notes where it came from; a repository that came from nowhere is read itself. */
  async #publishNotes(shared: SharedNotes | undefined): Promise<NoteWritten> {
    const upstream = shared && (await this.#upstream());
    if (shared === undefined || upstream === undefined || upstream.remote === ".")
      return { pushed: true };
    return await shared.share(upstream);
  }

  #trouble(error: ObjectError, revisions: readonly string[]): SourceError {
    if (error.absent && revisions.includes(error.oid)) {
      return new SourceError("missing", `there is no commit ${error.oid} in ${this.name}`, {
        cause: error,
      });
    }
    return new SourceError("damaged", `${this.name}: ${error.message}; run \`git fsck\` there`, {
      cause: error,
    });
  }
}
