import fs from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addRemote, fetch, init, readObject } from "isomorphic-git";
import { cutAtWord, printableLine } from "../../lib/text.ts";
import { readRef, setRef } from "../git/refs.ts";
import { isCoded } from "../git/coded.ts";
import { SourceError } from "../source.ts";
import type { Transport } from "./transport.ts";
import { troubleWithServer } from "./trouble.ts";

/** The cache, not the server, is at fault. */
export class MirrorDamage extends Error {
  override readonly name = "MirrorDamage";
}

const maxPacks = 50;
/** Of 256 folders one is counted, as git does it: so many in it are about a thousand in all. */
const sampleFolder = "17";
const maxInSample = 4;

/**
 * A bare repository that holds what was fetched of one ref, as a cache: it may be thrown away at any time.
 * Where the ref was last is kept in it, which also tells the server what need not be sent again.
 */
export class Mirror {
  readonly gitdir: string;
  readonly #transport: Transport;
  readonly #ref: string;

  constructor(gitdir: string, transport: Transport, ref: string) {
    this.gitdir = gitdir;
    this.#transport = transport;
    this.#ref = ref;
  }

  /** Where the ref was when last fetched; undefined before that. */
  tracked(): Promise<string | undefined> {
    return readRef(this.gitdir, trackingRef).catch(() => undefined);
  }

  track(head: string): Promise<void> {
    return setRef(this.gitdir, trackingRef, head);
  }

  /** Makes it, empty, where there is none. */
  prepare(): Promise<void> {
    return this.#prepare(this.gitdir);
  }

  /** Fetches the ref as it is now, with `depth` commits of history (the first time only itself), and says where it is. */
  async fetchRef(depth: number): Promise<string> {
    await this.prepare();
    const isFirst = (await this.tracked()) === undefined;
    return await this.#fetchRef(this.gitdir, isFirst ? 1 : depth);
  }

  /** Fetches one commit; servers that do not give single commits send nothing, and that is no error. */
  async fetchCommit(commit: string, depth: number): Promise<void> {
    await this.prepare();
    await this.#fetch(this.gitdir, { remoteRef: commit, depth });
  }

  /** Fetches the newest commit alone into another folder, which then takes the place of this one. */
  async startAnew(): Promise<string> {
    const fresh = await this.#freshFolder();
    const head = await this.#fetchRef(fresh, 1);
    await setRef(fresh, trackingRef, head);
    await this.#replace(fresh);
    return head;
  }

  async startEmpty(): Promise<void> {
    await this.#replace(await this.#freshFolder());
  }

  /** Each fetch leaves a pack and each write single objects, and nothing packs them together. */
  async isScattered(): Promise<boolean> {
    const names = (folder: string): Promise<readonly string[]> =>
      readdir(join(this.gitdir, "objects", folder)).catch(() => []);
    const packs = (await names("pack")).filter((name) => name.endsWith(".pack"));
    return packs.length > maxPacks || (await names(sampleFolder)).length > maxInSample;
  }

  async #freshFolder(): Promise<string> {
    const fresh = `${this.gitdir}.new`;
    await rm(fresh, { recursive: true, force: true });
    await this.#prepare(fresh);
    return fresh;
  }

  async #replace(fresh: string): Promise<void> {
    const old = `${this.gitdir}.old`;
    await rm(old, { recursive: true, force: true });
    await rename(this.gitdir, old).catch(ignoreAbsent);
    await rename(fresh, this.gitdir);
    await rm(old, { recursive: true, force: true });
  }

  async #prepare(gitdir: string): Promise<void> {
    if (await stat(join(gitdir, "config")).catch(() => undefined)) return;
    await init({ fs, gitdir, bare: true, defaultBranch: "main" });
    await addRemote({ fs, gitdir, remote: "origin", url: this.#transport.url, force: true });
  }

  async #fetchRef(gitdir: string, depth: number): Promise<string> {
    const head = await this.#fetch(gitdir, { remoteRef: this.#ref, depth });
    await readObject({ fs, gitdir, oid: head, cache: {} }).catch((error: unknown) => {
      throw damage(`${this.#transport.url} did not send ${head}, its own head`, error);
    });
    return head;
  }

  async #fetch(gitdir: string, want: { remoteRef: string; depth: number }): Promise<string> {
    const restore = await remember(join(gitdir, "shallow"));
    const exchange = this.#transport.begin();
    const { url, headers } = this.#transport;
    try {
      const { fetchHead } = await fetch({
        fs,
        http: exchange,
        gitdir,
        url,
        headers: { ...headers },
        remote: "origin",
        ref: trackingRef,
        singleBranch: true,
        tags: false,
        ...want,
      });
      const cutShort = exchange.failure();
      if (cutShort !== undefined) throw cutShort;
      if (fetchHead === null) throw new SourceError("missing", `${url} has no commits yet`);
      return fetchHead;
    } catch (error) {
      // The library writes where the history ends before the objects are there.
      await restore();
      throw exchange.failure() ?? this.#trouble(error, want.remoteRef);
    }
  }

  #trouble(error: unknown, ref: string): Error {
    const { url } = this.#transport;
    if (isNotFound(error, ref)) {
      return new SourceError("missing", `${url} has no ${ref}`, { cause: error });
    }
    const isOurs = isCoded(error, "NotFoundError");
    const trouble = isOurs ? undefined : troubleWithServer(url, error);
    return trouble ?? damage(`fetching from ${url} failed`, error);
  }
}

function damage(what: string, error: unknown): MirrorDamage {
  const why = error instanceof Error ? `: ${cutAtWord(printableLine(error.message), 300)}` : "";
  return new MirrorDamage(`${what}${why}`, { cause: error });
}

const trackingRef = "refs/slipway/tracked";

/** Reads a file so that it can be put back as it was. */
async function remember(file: string): Promise<() => Promise<void>> {
  const before = await readFile(file).catch(() => undefined);
  return () => (before === undefined ? rm(file, { force: true }) : writeFile(file, before));
}

function ignoreAbsent(error: unknown): void {
  if (!isCoded(error, "ENOENT")) throw error;
}

function isNotFound(error: unknown, what: string): boolean {
  if (!isCoded(error, "NotFoundError")) return false;
  const { data } = error as { readonly data?: { readonly what?: string } };
  return data?.what === what;
}
