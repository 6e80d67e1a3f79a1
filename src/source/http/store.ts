import { noBranch } from "../branches.ts";
import { shortRevision } from "../../lib/text.ts";
import { join } from "node:path";
import { BoundedMap } from "../git/bounded-map.ts";
import { descends } from "../history.ts";
import { type ListRefs, refLister } from "./list-refs.ts";
import { Mirror, MirrorDamage } from "./mirror.ts";
import { ObjectError, Objects } from "../git/objects.ts";
import { pushRef } from "./push.ts";
import { RemoteNotes } from "./notes.ts";
import { Serial } from "./serial.ts";
import { SourceError, type UpstreamState } from "../source.ts";
import type { StateFolder } from "./state-folder.ts";
import { depths, notesRef, type Store, wholeHistory } from "../store.ts";
import type { Transport } from "./transport.ts";

export interface RemoteStoreOptions {
  readonly transport: Transport;
  readonly branch: string;
  readonly folder: StateFolder;
  readonly allowRewrite: boolean;
}

/** With so much history a rewritten branch is noticed without fetching all of it again; more is rarely pushed at once. */
const fetchDepth = 50;
/** How far back a commit is looked for that may not be there at all. */
const modestDepths = depths.filter((depth) => depth < wholeHistory);

/** A repository reached over HTTP, through a cache in the state folder that may be lost or damaged at any time. */
export class RemoteStore implements Store {
  readonly name: string;
  readonly branch: string;
  readonly objects: Objects;
  readonly notes: RemoteNotes;
  readonly canDeepen = true;
  readonly #transport: Transport;
  readonly #folder: StateFolder;
  readonly #mirror: Mirror;
  readonly #allowRewrite: boolean;
  readonly #list: ListRefs;
  /** One at a time: fetching, and all else that changes the cache. */
  readonly #serial = new Serial();
  /** Counts how often the cache was replaced. */
  #generation = 0;
  /** The newest head that follows those before it. */
  #accepted: string | undefined;
  /** Commits that the server did not give, and its head at the time. */
  readonly #refused = new BoundedMap<string, string>(1000);

  constructor({ transport, branch, folder, allowRewrite }: RemoteStoreOptions) {
    this.name = transport.url;
    this.branch = branch;
    this.#transport = transport;
    this.#folder = folder;
    this.#allowRewrite = allowRewrite;
    this.#list = refLister(transport);
    this.#mirror = new Mirror(join(folder.cache, "branch.git"), transport, `refs/heads/${branch}`);
    this.objects = new Objects(this.#mirror.gitdir);
    const ask = async (): Promise<string | undefined> =>
      (await this.#list([notesRef])).get(notesRef);
    this.notes = new RemoteNotes(folder.cache, transport, ask);
  }

  async head(): Promise<string> {
    const head = await this.#ask();
    if (head === this.#accepted) return head;
    this.#accepted ??= await this.#lastSeen();
    if (head === this.#accepted) return head;
    await this.#changing(() => this.#fetchHead(head));
    await this.#accept(head);
    return head;
  }

  async reading<T>(revisions: readonly string[], work: () => Promise<T>): Promise<T> {
    const attempt = async (): Promise<T> => {
      for (const revision of revisions) await this.#require(revision);
      return await work();
    };
    const generation = this.#generation;
    try {
      return await attempt();
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    await this.#serial.run(() => this.#replaceCache(generation));
    try {
      return await attempt();
    } catch (error) {
      throw isDamage(error) ? this.#damaged(error) : error;
    }
  }

  async deepen(revisions: readonly string[], depth: number): Promise<void> {
    await this.#changing(async () => {
      if ((await this.#mirror.tracked()) === undefined) await this.#fetchBranch();
      await this.#fetchBranch(depth);
      const head = await this.#mirror.tracked();
      for (const revision of revisions) {
        if (revision !== head) await this.#mirror.fetchCommit(revision, depth);
      }
    });
  }

  async refs(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const branch = `refs/heads/${this.branch}`;
    const asked = names
      .map((name) => (name === "HEAD" ? branch : name))
      .filter((name) => name.startsWith("refs/"));
    const refs = new Map(await this.#list(asked));
    const head = refs.get(branch);
    if (names.includes("HEAD") && head !== undefined) refs.set("HEAD", head);
    return refs;
  }

  beforePublish(): Promise<void> {
    return Promise.resolve();
  }

  /** Sent again once when it is not known how it ended and the branch still stands where it stood. */
  async publish(commit: string, onto: string, branch: string): Promise<void> {
    const ref = `refs/heads/${branch}`;
    const expected = branch === this.branch ? onto : undefined;
    const send = (): Promise<void> =>
      this.#serial.run(() =>
        pushRef(this.#transport, this.#mirror.gitdir, { ref, expected, commit }),
      );
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof SourceError && error.trouble === "unreachable")) throw error;
    }
    const there = (await this.#list([ref])).get(ref);
    if (there === commit) return;
    if (there !== expected)
      throw new SourceError("moved", `${branch} at ${this.name} has moved in the meantime`);
    await send();
  }

  upstreamState(): Promise<UpstreamState> {
    return Promise.resolve({ state: "none" });
  }

  /** Nothing can be heard over HTTP; the head is asked for on an interval. */
  watch(): Promise<{ close(): Promise<void> }> {
    return Promise.resolve({ close: () => Promise.resolve() });
  }

  async close(): Promise<void> {
    this.#transport.close();
    await this.#serial.run(() => Promise.resolve());
    this.objects.close();
    this.notes.close();
    await this.#folder.release();
  }

  async #ask(): Promise<string> {
    const ref = `refs/heads/${this.branch}`;
    const refs = await this.#list([ref, notesRef]);
    this.notes.hear(refs.get(notesRef));
    const head = refs.get(ref);
    if (head === undefined) throw noBranch(this.name, this.branch, await this.#branches());
    return head;
  }

  async #branches(): Promise<readonly string[]> {
    const prefix = "refs/heads/";
    const all = [...(await this.#list([prefix])).keys()];
    return all
      .filter((ref) => ref.startsWith(prefix))
      .map((ref) => ref.slice(prefix.length))
      .toSorted();
  }

  async #accept(head: string): Promise<void> {
    // Another process may have accepted a rewritten branch in the meantime.
    const before = (await this.#lastSeen()) ?? this.#accepted;
    if (before !== undefined && !this.#allowRewrite && !(await this.#follows(before, head))) {
      throw new SourceError(
        "rewritten",
        `${this.branch} at ${this.name} was rewritten: ${shortRevision(head)} does not descend from ${shortRevision(before)}, ` +
          "the last one seen; --allow-rewind accepts it",
      );
    }
    this.#accepted = head;
    // Without it the next process takes what it finds.
    await this.#folder.saveLastSeen(head).catch(() => undefined);
  }

  #lastSeen(): Promise<string | undefined> {
    return this.#folder.lastSeen().catch(() => undefined);
  }

  /** What cannot be shown within the limits is not taken for granted. */
  async #follows(before: string, head: string): Promise<boolean> {
    try {
      return await descends(this, before, head);
    } catch (error) {
      if (error instanceof SourceError && ["missing", "too-large"].includes(error.trouble))
        return false;
      throw error;
    }
  }

  /** A commit with all its files; by itself where it is not in what was fetched of the branch. */
  async #require(revision: string): Promise<void> {
    if (await this.objects.hasCommit(revision)) return;
    await this.#changing(async () => {
      const has = (): Promise<boolean> => this.objects.hasCommit(revision);
      if (await has()) return;
      if ((await this.#mirror.tracked()) === undefined) await this.#fetchBranch();
      if (await has()) return;
      const head = await this.#mirror.tracked();
      const missing = new SourceError("missing", `there is no commit ${revision} at ${this.name}`);
      if (head !== undefined && this.#refused.get(revision) === head) throw missing;
      await this.#mirror.fetchCommit(revision, 1);
      for (const depth of modestDepths) {
        if (await has()) return;
        // Not every server gives commits that no ref names.
        await this.#fetchBranch(depth);
      }
      if (await has()) return;
      if (head !== undefined) this.#refused.set(revision, head);
      throw missing;
    });
  }

  async #fetchHead(head: string): Promise<void> {
    if ((await this.#mirror.tracked()) === head && (await this.objects.hasCommit(head))) return;
    await this.#fetchBranch();
    if (await this.#mirror.isScattered()) await this.#replaceCache(this.#generation);
  }

  async #fetchBranch(depth = fetchDepth): Promise<void> {
    const head = await this.#mirror.fetchRef(depth);
    this.objects.forgetPacks();
    await this.#mirror.track(head);
  }

  async #replaceCache(generation: number): Promise<void> {
    if (generation !== this.#generation) return;
    try {
      await this.#mirror.startAnew();
    } catch (error) {
      throw isDamage(error) ? this.#damaged(error) : error;
    }
    this.objects.forget();
    this.#generation += 1;
  }

  /** Runs what changes the cache, with a new one where the old turns out to be damaged. */
  #changing(work: () => Promise<void>): Promise<void> {
    return this.#serial.run(async () => {
      try {
        return await work();
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
      await this.#replaceCache(this.#generation);
      try {
        return await work();
      } catch (error) {
        throw isDamage(error) ? this.#damaged(error) : error;
      }
    });
  }

  #damaged(error: Error): SourceError {
    const why = `the copy of ${this.name} in the state folder cannot be read, and a new one neither: ${error.message}`;
    return new SourceError("damaged", why, { cause: error });
  }
}

const isDamage = (error: unknown): error is ObjectError | MirrorDamage =>
  error instanceof ObjectError || error instanceof MirrorDamage;
