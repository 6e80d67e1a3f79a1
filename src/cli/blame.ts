import { secretFileLimit, type SealedValue } from "../model/sealed.ts";
import type { CommitInfo, Snapshot } from "../model/snapshot.ts";
import type { Declared } from "../pass/declared.ts";
import type { World } from "../pass/world.ts";
import { entryIn, readValueFile } from "../secrets/value-file.ts";
import { SourceError } from "../source/source.ts";
import { blockAt, lineBefore } from "./line-history.ts";

const mostCommits = 30;
const mostBytes = 1024 * 1024;

/**
 * The newest commit of the branch that changed what is declared: a document with what an app ships from beside it, or
 * one key of it. Undefined where that is longer ago than is looked for.
 */
export async function lastChange(
  world: World,
  { where, by, blobs, secrets }: Declared,
): Promise<CommitInfo | undefined> {
  const own = by === "file" ? wholeFile(where.file) : oneKey(where.file, where.line, blobs);
  const states = [own, ...secrets.map(oneSecret)];
  const stateAt: State = async (snapshot) =>
    (await Promise.all(states.map(async (state) => await state(snapshot)))).join("\n");
  const commits = await world.source.recent(mostCommits);
  let after: { readonly commit: CommitInfo; readonly state: string } | undefined;
  for (const commit of commits) {
    const snapshot = await snapshotAt(world, commit.revision);
    if (snapshot === undefined) return undefined;
    const state = await stateAt(snapshot);
    if (after !== undefined && after.state !== state) return after.commit;
    after = { commit, state };
  }
  return commits.length < mostCommits ? after?.commit : undefined;
}

/** What must stay the same from one commit to the one before it; asked of each in turn, newest first. */
type State = (snapshot: Snapshot) => string | Promise<string>;

/** An app in a folder of its own is all of that folder; with its overlays in environments/. */
function wholeFile(file: string): State {
  const own = withoutEnvironment(file);
  const folder = /^apps\/[^/]+\//.exec(own)?.[0];
  return ({ entries }) =>
    entries
      .filter(({ path }) => {
        const inside = withoutEnvironment(path);
        return folder === undefined ? inside === own : inside.startsWith(folder);
      })
      .map(({ path, blob, type }) => `${path} ${blob} ${type}`)
      .join("\n");
}

const withoutEnvironment = (path: string): string =>
  /^environments\/[^/]+\/(.*)$/.exec(path)?.[1] ?? path;

/** A key is followed through the lines that come and go around it; shipped files by where they lie. */
function oneKey(file: string, line: number, blobs: readonly string[]): State {
  let newer: { readonly lines: readonly string[]; readonly line: number } | undefined;
  let shipped: ReadonlySet<string> | undefined;
  return async (snapshot) => {
    const { entries } = snapshot;
    shipped ??= new Set(entries.filter((e) => blobs.includes(e.blob)).map(({ path }) => path));
    const paths = shipped;
    const files = entries.filter(({ path }) => paths.has(path));
    const lines = await linesOf(snapshot, file);
    const here = newer === undefined ? line : lineBefore(lines, newer.lines, newer.line);
    if (here === undefined) return "";
    newer = { lines, line: here };
    return [
      blockAt(lines, here),
      ...files.map(({ path, blob, type }) => `${path} ${blob} ${type}`),
    ].join("\n");
  };
}

/** A value of a file of values by its ciphertext, whatever becomes of the others; else the file that it is in. */
function oneSecret({ where, id, source }: SealedValue): State {
  if (source.form !== "armor") return wholeFile(where.file);
  const key = id.slice(id.indexOf("#") + 1);
  const known = new Map<string, string>();
  return async (snapshot) => {
    const entry = snapshot.entries.find(({ path }) => path === where.file);
    if (entry === undefined) return "";
    const state = known.get(entry.blob);
    if (state !== undefined) return state;
    const value = valueIn(await snapshot.read(entry.blob, secretFileLimit), key);
    known.set(entry.blob, value);
    return value;
  };
}

function valueIn(bytes: Uint8Array, key: string): string {
  const file = readValueFile(Buffer.from(bytes).toString("utf8"));
  return ("entries" in file ? entryIn(file.entries, key)?.value : undefined) ?? "";
}

async function linesOf(snapshot: Snapshot, file: string): Promise<readonly string[]> {
  const entry = snapshot.entries.find(({ path }) => path === file);
  if (entry === undefined) return [];
  return Buffer.from(await snapshot.read(entry.blob, mostBytes))
    .toString("utf8")
    .split(/\r?\n/);
}

async function snapshotAt(world: World, revision: string): Promise<Snapshot | undefined> {
  try {
    return await world.source.snapshot(revision);
  } catch (error) {
    if (error instanceof SourceError && error.trouble === "missing") return undefined;
    throw error;
  }
}
