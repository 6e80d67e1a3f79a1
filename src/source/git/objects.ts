import fs from "node:fs";
import { expandOid, readObject } from "isomorphic-git";
import { BoundedMap } from "./bounded-map.ts";
import {
  type Commit,
  MalformedObject,
  parseCommit,
  parseTag,
  parseTree,
  type TreeItem,
} from "./format.ts";
import { isCoded } from "./coded.ts";
import { type ObjectType, readLoose, writeLoose } from "./loose.ts";
import { SourceError } from "../source.ts";

/** An object that is not there, or cannot be read. Who holds the repository knows whether that can be mended. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
  readonly oid: string;
  readonly absent: boolean;
  constructor(oid: string, absent: boolean, options?: ErrorOptions) {
    super(absent ? `object ${oid} is not there` : `object ${oid} cannot be read`, options);
    this.oid = oid;
    this.absent = absent;
  }
}

/** What walking the history needs of a commit; small, so that many can be remembered. */
export interface Links {
  readonly parents: readonly string[];
  readonly committedMs: number;
}

const maxBlobBytes = 32 * 1024 * 1024;
const maxObjectBytes = 256 * 1024 * 1024;
const maxTreeItems = 200_000;
const maxLinks = 100_000;
const idleMs = 20_000;
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Reads and writes the objects of one git folder. Parsed ones are kept by id within limits, packs only while in use. */
export class Objects {
  readonly gitdir: string;
  readonly #links = new BoundedMap<string, Links>(maxLinks);
  readonly #trees = new BoundedMap<string, readonly TreeItem[]>(maxTreeItems);
  readonly #blobs = new BoundedMap<string, Uint8Array>(maxBlobBytes);
  readonly #idle: NodeJS.Timeout;
  /** Whole packs, kept by the library from one read to the next. */
  #packs: object = {};

  constructor(gitdir: string) {
    this.gitdir = gitdir;
    this.#idle = setTimeout(() => this.forgetPacks(), idleMs);
    this.#idle.unref();
  }

  async commit(revision: string): Promise<Commit> {
    const commit = await this.#parsed(revision, "commit", (bytes) => parseCommit(revision, bytes));
    this.#links.set(revision, { parents: commit.parents, committedMs: commit.committedMs });
    return commit;
  }

  async links(revision: string): Promise<Links> {
    return this.#links.get(revision) ?? (await this.commit(revision));
  }

  async tree(oid: string): Promise<readonly TreeItem[]> {
    if (oid === emptyTree) return [];
    const known = this.#trees.get(oid);
    if (known !== undefined) return known;
    const items = await this.#parsed(oid, "tree", (bytes) => parseTree(oid, bytes));
    this.#trees.set(oid, items, items.length + 1);
    return items;
  }

  /** With names byte for byte, for writing it again with one item changed. */
  rawTree(oid: string): Promise<readonly TreeItem[]> {
    return this.#parsed(oid, "tree", (bytes) => parseTree(oid, bytes, "latin1"));
  }

  async blob(oid: string, maxBytes: number): Promise<Uint8Array> {
    const bytes =
      this.#blobs.get(oid) ?? (await this.#parsed(oid, "blob", (read) => new Uint8Array(read)));
    if (bytes.length > maxBytes)
      throw new SourceError("too-large", `blob ${oid} is larger than ${maxBytes} bytes`);
    this.#blobs.set(oid, bytes, bytes.length + 64);
    return bytes;
  }

  /** Whether this commit can be read here; anything else of that id is not one. */
  async hasCommit(revision: string): Promise<boolean> {
    try {
      await this.links(revision);
      return true;
    } catch (error) {
      if (error instanceof ObjectError && error.absent) return false;
      throw error;
    }
  }

  /** The commit that an id stands for, through annotated tags; undefined for blobs and trees. */
  async peel(oid: string): Promise<string | undefined> {
    let current = oid;
    for (let hops = 0; hops < 10; hops += 1) {
      const { type, bytes } = await this.#read(current);
      if (type === "commit") return current;
      if (type !== "tag") return undefined;
      current = parseTag(current, bytes);
    }
    return undefined;
  }

  /** All commits here whose id starts like this. */
  async expand(prefix: string): Promise<readonly string[]> {
    const found = await expandOid({
      fs,
      gitdir: this.gitdir,
      oid: prefix,
      cache: this.#packs,
    }).then(
      (oid) => [oid],
      (error: unknown) => ambiguous(prefix, error),
    );
    const commits = await Promise.all(found.slice(0, 100).map((oid) => this.peel(oid)));
    return [...new Set(commits.filter((oid) => oid !== undefined))];
  }

  write(type: ObjectType, content: Uint8Array): Promise<string> {
    return writeLoose(this.gitdir, type, content);
  }

  /** The repository was replaced: what was there before may not be any more. */
  forget(): void {
    this.#links.clear();
    this.forgetPacks();
  }

  /** Packs came or went, or may have. */
  forgetPacks(): void {
    this.#packs = {};
  }

  close(): void {
    clearTimeout(this.#idle);
    this.forgetPacks();
    for (const kept of [this.#links, this.#trees, this.#blobs]) kept.clear();
  }

  async #parsed<T>(oid: string, wanted: ObjectType, parse: (bytes: Buffer) => T): Promise<T> {
    const { type, bytes } = await this.#read(oid);
    if (type !== wanted)
      throw new ObjectError(oid, false, { cause: new MalformedObject(`${oid} is a ${type}`) });
    try {
      return parse(bytes);
    } catch (error) {
      throw new ObjectError(oid, false, { cause: error });
    }
  }

  async #read(oid: string): Promise<{ readonly type: string; readonly bytes: Buffer }> {
    this.#idle.refresh();
    try {
      const loose = await readLoose(this.gitdir, oid, maxObjectBytes);
      if (loose !== undefined) return loose;
      const read = await readObject({
        fs,
        gitdir: this.gitdir,
        oid,
        format: "content",
        cache: this.#packs,
      });
      if (!(read.object instanceof Uint8Array))
        throw new MalformedObject(`${oid} was read as ${read.format}`);
      return {
        type: read.type,
        bytes: Buffer.from(read.object.buffer, read.object.byteOffset, read.object.byteLength),
      };
    } catch (error) {
      if (isCoded(error, "ERR_BUFFER_TOO_LARGE")) {
        throw new SourceError("too-large", `object ${oid} is larger than ${maxObjectBytes} bytes`);
      }
      throw new ObjectError(oid, isCoded(error, "NotFoundError"), { cause: error });
    }
  }
}

function ambiguous(prefix: string, error: unknown): readonly string[] {
  if (isCoded(error, "NotFoundError")) return [];
  if (!isCoded(error, "AmbiguousError")) throw new ObjectError(prefix, false, { cause: error });
  const { data } = error as { readonly data?: { readonly matches?: readonly string[] } };
  return data?.matches ?? [];
}
