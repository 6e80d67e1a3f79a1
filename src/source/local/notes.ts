import { moveRef, readRef } from "../git/refs.ts";
import {
  noNotes,
  noteText,
  type NotesTree,
  readNotesTree,
  sameNotes,
  withNotes,
  writeNotesCommit,
} from "../git/notes-tree.ts";
import type { Objects } from "../git/objects.ts";
import { type NoteWritten, SourceError } from "../source.ts";
import { type Notes, notesRef } from "../store.ts";

const tries = 20;

/** Notes kept straight in a local repository. `published` brings them to where others read them. */
export function localNotes(objects: Objects, published: () => Promise<NoteWritten>): Notes {
  let last: { readonly commit: string; readonly tree: NotesTree } | undefined;
  const load = async (): Promise<{ readonly commit?: string; readonly tree: NotesTree }> => {
    const commit = await readRef(objects.gitdir, notesRef);
    if (commit === undefined) return { tree: noNotes };
    if (last?.commit !== commit) last = { commit, tree: await readNotesTree(objects, commit) };
    return last;
  };
  return {
    read: async (revision) => {
      const blob = (await load()).tree.notes.get(revision);
      return blob === undefined ? undefined : await noteText(objects, blob);
    },
    write: async (texts) => {
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const { commit, tree } = await load();
        const next = await withNotes(objects, tree, texts);
        if (sameNotes(next, tree)) return await published();
        const written = await writeNotesCommit(objects, next, commit === undefined ? [] : [commit]);
        if (await moveRef(objects.gitdir, notesRef, commit, written)) return await published();
      }
      throw new SourceError(
        "moved",
        `${notesRef} in ${objects.gitdir} is being written by many at once`,
      );
    },
  };
}
