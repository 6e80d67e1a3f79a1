import { resolve } from "node:path";
import { BoundedMap } from "./git/bounded-map.ts";
import { branchName } from "./git/refs.ts";
import { between, descends, firstParents } from "./history.ts";
import { inspectRepository } from "./local/layout.ts";
import { LocalStore } from "./local/store.ts";
import { parseLocation, storageKey } from "./location.ts";
import { RemoteStore } from "./http/store.ts";
import { resolveRevision } from "./revision.ts";
import { rollback } from "./rollback.ts";
import { segments, takeSnapshot } from "./snapshot.ts";
import { type Source, SourceError } from "./source.ts";
import { openStateFolder, type StateFolder } from "./http/state-folder.ts";
import type { Store } from "./store.ts";
import { openTransport } from "./http/transport.ts";

export interface SourceOptions {
  /** A local path, or an http(s) URL. */
  readonly repo: string;
  readonly branch: string;
  /** The folder of the repository that is the infra repo; default all of it. */
  readonly path?: string;
  /** Where caches are kept; they may be lost. */
  readonly stateDir: string;
  /** Sent to the host of `repo` (of a clone: of its upstream, where git's own logins are refused) and nowhere else. */
  readonly token?: string;
  /** Default: the user in the URL, else `x-access-token`. */
  readonly user?: string;
  /** Accept a branch whose new head does not descend from the last one seen. */
  readonly allowRewrite?: boolean;
  /** How long the server may be silent; default 30 s. */
  readonly timeoutMs?: number;
  /** Of one answer of the server; default 200 MB. A local repository's packs may have five times that. */
  readonly maxPackBytes?: number;
}

const usualTimeoutMs = 30_000;
/** Of one run of git that brings a clone's notes to its upstream: a deploy waits for it. */
const cloneTimeoutMs = 15_000;
const usualPackBytes = 200_000_000;
const localPackFactor = 5;

/** Opens the infra repo where it is. Over HTTP nothing is asked yet. Throws SourceError. */
export async function openSource(options: SourceOptions): Promise<Source> {
  const path = segments(options.path ?? "").join("/");
  return sourceOf(await openStore(options), path);
}

async function openStore(options: SourceOptions): Promise<Store> {
  const location = parseLocation(options.repo);
  const maxBytes = options.maxPackBytes ?? usualPackBytes;
  const branch = branchName(options.branch);
  if (location.kind === "path") {
    const layout = await inspectRepository(location.path, maxBytes * localPackFactor);
    const { token, timeoutMs = cloneTimeoutMs } = options;
    const sharing = { timeoutMs, ...(token === undefined ? {} : { token }) };
    return new LocalStore(location.path, branch, layout, sharing);
  }
  const folder = await openFolder(resolve(options.stateDir), storageKey(location.url, branch));
  const user = options.user ?? location.user;
  const token = options.token ?? location.password;
  const transport = openTransport({
    url: location.url,
    ...(user === undefined ? {} : { user }),
    ...(token === undefined ? {} : { token }),
    timeoutMs: options.timeoutMs ?? usualTimeoutMs,
    maxBytes,
  });
  return new RemoteStore({
    transport,
    branch,
    folder,
    allowRewrite: options.allowRewrite ?? false,
  });
}

async function openFolder(stateDir: string, key: string): Promise<StateFolder> {
  try {
    return await openStateFolder(stateDir, key);
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new SourceError("denied", `the state folder cannot be used: ${why}`, { cause: error });
  }
}

const rememberedAnswers = 1000;

function sourceOf(store: Store, path: string): Source {
  const ancestry = new BoundedMap<string, boolean>(rememberedAnswers);
  return {
    head: () => store.head(),
    snapshot: async (revision) => takeSnapshot(store, revision ?? (await store.head()), path),
    commit: (revision) => store.reading([revision], () => store.objects.commit(revision)),
    between: (from, to, limit) => between(store, from, to, limit),
    descends: async (ancestor, revision) => {
      const question = `${ancestor} ${revision}`;
      const answer = ancestry.get(question) ?? (await descends(store, ancestor, revision));
      ancestry.set(question, answer);
      return answer;
    },
    recent: async (limit) => firstParents(store, await store.head(), limit),
    resolve: (revision) => resolveRevision(store, revision),
    readNote: (revision, again) => store.notes.read(revision, again),
    writeNote: (revision, text) => store.notes.write(new Map([[revision, text]])),
    writeNotes: (texts) => store.notes.write(texts),
    rollback: (wanted) => rollback(store, path, wanted),
    upstreamState: () => store.upstreamState(),
    watch: (onMove) => store.watch(onMove),
    close: () => store.close(),
  };
}
