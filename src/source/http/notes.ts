import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BoundedMap } from "../git/bounded-map.ts";
import { readRef, setRef } from "../git/refs.ts";
import { Mirror, MirrorDamage } from "./mirror.ts";
import {
  mergeNotes,
  noNotes,
  noteBytes,
  noteText,
  type NotesTree,
  readNotesTree,
  sameNotes,
  withNotes,
  writeNotesCommit,
} from "../git/notes-tree.ts";
import { ObjectError, Objects } from "../git/objects.ts";
import { pushRef } from "./push.ts";
import { Serial } from "./serial.ts";
import { type NoteText, type NoteWritten, SourceError } from "../source.ts";
import { type Notes, notesRef } from "../store.ts";
import type { Transport } from "./transport.ts";

const tries = 12;
const pauseMs = 40;
const depth = 50;

/**
 * The notes of a repository that is reached over HTTP, in a git folder of their own: it is small, so that pushing is
 * cheap, and what the server did not take outlives the cache of the branch. In it `notesRef` is what we have, and the
 * tracked ref what the server had when we last looked; what differs is still to be pushed.
 */
export class RemoteNotes implements Notes {
  readonly #transport: Transport;
  readonly #mirror: Mirror;
  readonly #objects: Objects;
  readonly #serial = new Serial();
  readonly #trees = new BoundedMap<string, NotesTree>(8);
  readonly #ask: () => Promise<string | undefined>;
  /** Where the server's notes are, as far as we heard. */
  #heard: { readonly at: string | undefined } | undefined;

  /** `ask` says where the server's notes are now. */
  constructor(folder: string, transport: Transport, ask: () => Promise<string | undefined>) {
    this.#transport = transport;
    this.#mirror = new Mirror(join(folder, "notes.git"), transport, notesRef);
    this.#objects = new Objects(this.#mirror.gitdir);
    this.#ask = ask;
  }

  /** A listing of the server's refs came by. */
  hear(at: string | undefined): void {
    this.#heard = { at };
  }

  /** Where the server cannot be asked, what we have of it; unless that is nothing. */
  read(revision: string, again?: "again"): Promise<string | undefined> {
    return this.#mending(async () => {
      try {
        if (again === "again" || this.#heard === undefined) this.#heard = { at: await this.#ask() };
        return await this.#text(await this.#synced(this.#heard.at), revision);
      } catch (error) {
        const kept =
          error instanceof SourceError && (await this.#text(await this.#ours(), revision));
        if (typeof kept === "string") return kept;
        throw error;
      }
    });
  }

  write(texts: ReadonlyMap<string, NoteText>): Promise<NoteWritten> {
    return this.#mending(async () => {
      await this.#mirror.prepare();
      if (await this.#mirror.isScattered()) await this.#compact();
      return await this.#push(await withNotes(this.#objects, await this.#ours(), texts));
    });
  }

  close(): void {
    this.#objects.close();
  }

  async #push(written: NotesTree): Promise<NoteWritten> {
    let tree = written;
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (attempt > 0) tree = await this.#synced(await this.#ask());
        const server = await this.#mirror.tracked();
        const commit = await this.#keep(tree, server);
        if (commit !== server) {
          await pushRef(this.#transport, this.#mirror.gitdir, {
            ref: notesRef,
            expected: server,
            commit,
          });
          await this.#mirror.track(commit);
          this.hear(commit);
        }
        return { pushed: true };
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        if (error.trouble !== "moved" || attempt >= tries)
          return { pushed: false, why: error.message };
      }
      await pause(Math.random() * pauseMs * (attempt + 1));
    }
  }

  async #text(tree: NotesTree, revision: string): Promise<string | undefined> {
    const blob = tree.notes.get(revision);
    return blob === undefined ? undefined : await noteText(this.#objects, blob);
  }

  /** Ours, with what the server has since; where nothing of ours is left to push it is the server's. */
  async #synced(server: string | undefined): Promise<NotesTree> {
    const tracked = await this.#mirror.tracked();
    if (server === tracked) return await this.#ours();
    if (server === undefined) {
      await rm(join(this.#mirror.gitdir, "refs", "slipway"), { recursive: true, force: true });
      return await this.#ours();
    }
    const base = await this.#treeOf(tracked);
    const fetched = await this.#mirror.fetchRef(depth);
    const theirs = await this.#treeOf(fetched);
    const merged = await mergeNotes(this.#objects, base, await this.#ours(), theirs);
    await this.#keep(merged, fetched);
    await this.#mirror.track(fetched);
    this.hear(fetched);
    return merged;
  }

  /** Makes it ours, on top of the server's; the server's own commit where it holds the same. */
  async #keep(tree: NotesTree, server: string | undefined): Promise<string> {
    const isSame = server !== undefined && sameNotes(await this.#treeOf(server), tree);
    const parents = server === undefined ? [] : [server];
    const commit = isSame ? server : await writeNotesCommit(this.#objects, tree, parents);
    await setRef(this.#mirror.gitdir, notesRef, commit);
    return commit;
  }

  async #ours(): Promise<NotesTree> {
    return await this.#treeOf(await readRef(this.#mirror.gitdir, notesRef));
  }

  async #treeOf(commit: string | undefined): Promise<NotesTree> {
    if (commit === undefined) return noNotes;
    const tree = this.#trees.get(commit) ?? (await readNotesTree(this.#objects, commit));
    this.#trees.set(commit, tree);
    return tree;
  }

  /** Begins again with what the server has, and brings along what it does not have yet. */
  async #compact(): Promise<void> {
    const tracked = await this.#mirror.tracked();
    const base = await this.#treeOf(tracked);
    const ours = await this.#ours();
    const unpushed = [...ours.notes].filter(
      ([revision, blob]) => base.notes.get(revision) !== blob,
    );
    const texts = await Promise.all(
      unpushed.map(
        async ([revision, blob]) => [revision, await noteText(this.#objects, blob)] as const,
      ),
    );
    try {
      await (tracked === undefined ? this.#mirror.startEmpty() : this.#mirror.startAnew());
    } catch (error) {
      if (error instanceof SourceError) return; // another time
      throw error;
    }
    this.#trees.clear();
    this.#objects.forget();
    const server = await this.#mirror.tracked();
    const theirs = await this.#treeOf(server);
    const notes = new Map(theirs.notes);
    for (const [revision, text] of texts)
      notes.set(revision, await this.#objects.write("blob", noteBytes(text)));
    await this.#keep({ notes, others: theirs.others }, server);
  }

  /** What is damaged is thrown away, and what the server did not have with it: the machines still hold those records. */
  #mending<T>(work: () => Promise<T>): Promise<T> {
    return this.#serial.run(async () => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ObjectError || error instanceof MirrorDamage)) throw error;
      }
      await this.#mirror.startEmpty();
      this.#trees.clear();
      this.#objects.forget();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ObjectError || error instanceof MirrorDamage)) throw error;
        throw new SourceError("damaged", `the notes of ${this.#transport.url} cannot be read`, {
          cause: error,
        });
      }
    });
  }
}
