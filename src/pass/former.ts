import { asFamily } from "../desired/belongings.ts";
import { digestOfBytes } from "../lib/hash.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Renames } from "../plan/renames.ts";
import { SourceError } from "../source/source.ts";
import { readRevision, type Revision } from "./revision.ts";
import type { OpenedSecrets } from "./secrets.ts";
import type { World } from "./world.ts";

const shippedFileLimit = 20 * 1024 * 1024;

/** What a pass reads from git besides HEAD's documents: former revisions that apps return to, and shipped files. */
export interface Former {
  /** Family → its documents of the revision it is at. Missing: that revision cannot be had any more. */
  load(
    revisions: ReadonlyMap<string, string>,
    renames: Renames,
  ): Promise<ReadonlyMap<string, Documents>>;
  /** A revision's documents; undefined: it cannot be had any more. */
  documents(revision: string): Promise<Documents | undefined>;
  /** Blob → sha256 of all files that these apps ship and machines have. */
  hashes(
    apps: readonly AppDocument[],
    machines?: Documents["machines"],
  ): Promise<ReadonlyMap<string, string>>;
  content(blob: string): Promise<Uint8Array>;
  /** What was opened of all of them. */
  readonly secrets: OpenedSecrets;
}

/** A family in the documents of a revision in which it may have had another name. Undefined: it was not there yet. */
export function underName(
  found: Documents,
  family: string,
  past: readonly string[],
): Documents | undefined {
  const all = [...found.apps.values()];
  const then = [family, ...past].find((name) => all.some((a) => a.family === name));
  if (then === undefined) return undefined;
  if (then === family) return found;
  const own = all.filter((a) => a.family === then).map((a) => asFamily(a, family));
  return { ...found, apps: new Map(own.map((a) => [a.name, a])) };
}

/** Reads each revision and blob at most once in a pass. */
export function formerRevisions(
  world: World,
  { snapshot: head, secrets: ofHead }: Pick<Revision, "snapshot" | "secrets">,
): Former {
  const snapshots: Snapshot[] = [head];
  const secrets = new Map(ofHead);
  const loaded = new Map<string, Promise<Documents | undefined>>();
  const known = new Map<string, string>();
  const read = async (revision: string): Promise<Documents | undefined> => {
    try {
      const former = await readRevision(world, revision);
      snapshots.push(former.snapshot);
      for (const [id, secret] of former.secrets) secrets.set(id, secret);
      return former.documents;
    } catch (error) {
      if (error instanceof SourceError) return undefined;
      throw error;
    }
  };
  const documentsAt = async (revision: string): Promise<Documents | undefined> => {
    const pending = loaded.get(revision) ?? read(revision);
    loaded.set(revision, pending);
    return await pending;
  };
  const content = async (blob: string): Promise<Uint8Array> => {
    const holder = snapshots.find((s) => s.entries.some((e) => e.blob === blob)) ?? head;
    return await holder.read(blob, shippedFileLimit);
  };
  return {
    content,
    secrets,
    documents: documentsAt,
    load: async (revisions, { past }) => {
      const documents = new Map<string, Documents>();
      for (const [family, revision] of revisions) {
        const found = await documentsAt(revision);
        const named = found && underName(found, family, past.get(family) ?? []);
        if (named !== undefined) documents.set(family, named);
      }
      return documents;
    },
    hashes: async (apps, machines = new Map()) => {
      const ofApps = apps.flatMap(({ ships }) => [...ships.values()].flat());
      const ofMachines = [...machines.values()].flatMap(({ ships }) => [...ships.values()]);
      const blobs = new Set([...ofApps, ...ofMachines].map(({ blob }) => blob));
      await mapLimit(
        [...blobs].filter((b) => !known.has(b)),
        8,
        async (blob) => {
          known.set(blob, digestOfBytes(await content(blob)));
        },
      );
      return known;
    },
  };
}
