import { folderMode, formatCommit, formatTree, type TreeItem } from "./format.ts";
import { mergedNote } from "../../model/ledger.ts";
import { ObjectError, type Objects } from "./objects.ts";
import { type Identity, type NoteText, SourceError } from "../source.ts";

/** What a notes commit holds: commit id → blob of its note. */
export interface NotesTree {
  readonly notes: ReadonlyMap<string, string>;
  /** What is not a note; kept as it is. */
  readonly others: readonly TreeItem[];
}

export const noNotes: NotesTree = { notes: new Map(), others: [] };

export const slipwayIdentity: Identity = { name: "slipway", email: "slipway@localhost" };

const maxNotes = 200_000;
const maxNoteBytes = 1024 * 1024;
const noteMode = "100644";

/** Reads git's own layout as well, where ids are cut into folders (`aa/bb/cc…`) once there are many. */
export async function readNotesTree(objects: Objects, commit: string): Promise<NotesTree> {
  const notes = new Map<string, string>();
  const others: TreeItem[] = [];
  const read = async (tree: string, prefix: string): Promise<void> => {
    for (const item of await objects.rawTree(tree)) {
      const name = prefix + item.name;
      if (item.mode === folderMode && /^[0-9a-f]{2}$/.test(item.name) && name.length < 40)
        await read(item.oid, name);
      else if (item.mode !== folderMode && /^[0-9a-f]{40}$/.test(name)) notes.set(name, item.oid);
      else if (prefix === "") others.push(item);
      if (notes.size > maxNotes)
        throw new SourceError("too-large", `there are more than ${maxNotes} notes`);
    }
  };
  await read((await objects.commit(commit)).tree, "");
  return { notes, others };
}

/** Written flat: git reads it, and cuts it into folders itself when it writes. */
export async function writeNotesCommit(
  objects: Objects,
  tree: NotesTree,
  parents: readonly string[],
): Promise<string> {
  const items = [...tree.notes].map(([name, oid]): TreeItem => ({ mode: noteMode, name, oid }));
  const treeOid = await objects.write("tree", formatTree([...items, ...tree.others], "latin1"));
  const commit = formatCommit({
    tree: treeOid,
    parents,
    message: "Notes added by slipway",
    author: slipwayIdentity,
    committer: slipwayIdentity,
    atMs: Date.now(),
  });
  return await objects.write("commit", commit);
}

/** The same with these notes written into it. */
export async function withNotes(
  objects: Objects,
  tree: NotesTree,
  texts: ReadonlyMap<string, NoteText>,
): Promise<NotesTree> {
  const notes = new Map(tree.notes);
  for (const [revision, text] of texts) {
    const before = notes.get(revision);
    const now =
      typeof text === "string"
        ? text
        : text(before === undefined ? undefined : await noteText(objects, before));
    notes.set(revision, await objects.write("blob", noteBytes(now)));
  }
  return { ...tree, notes };
}

/** What we changed since `base` over what they have; a note that both changed is merged by what is in it. */
export async function mergeNotes(
  objects: Objects,
  base: NotesTree,
  ours: NotesTree,
  theirs: NotesTree,
): Promise<NotesTree> {
  const merged = new Map(theirs.notes);
  for (const [revision, mine] of ours.notes) {
    const [before, other] = [base.notes.get(revision), theirs.notes.get(revision)];
    if (mine === before || mine === other) continue;
    const isOnlyOurs = other === undefined || other === before;
    merged.set(revision, isOnlyOurs ? mine : await mergeNote(objects, before, mine, other));
  }
  return { notes: merged, others: theirs.others };
}

async function mergeNote(
  objects: Objects,
  before: string | undefined,
  mine: string,
  other: string,
): Promise<string> {
  const text = async (blob: string): Promise<string> => await noteText(objects, blob);
  try {
    const base = before === undefined ? undefined : await text(before);
    const merged = mergedNote(base, await text(mine), await text(other));
    return await objects.write("blob", noteBytes(merged));
  } catch (error) {
    // What cannot be read any more is not worth more than what was just written.
    if (error instanceof ObjectError) return mine;
    throw error;
  }
}

/** Both hold the same notes. */
export const sameNotes = (one: NotesTree, other: NotesTree): boolean =>
  one.notes.size === other.notes.size &&
  [...one.notes].every(([revision, blob]) => other.notes.get(revision) === blob);

/** Git ends notes with a line break. */
export const noteBytes = (text: string): Buffer =>
  Buffer.from(text.endsWith("\n") ? text : `${text}\n`);

export const noteText = async (objects: Objects, blob: string): Promise<string> =>
  Buffer.from(await objects.blob(blob, maxNoteBytes)).toString("utf8");
