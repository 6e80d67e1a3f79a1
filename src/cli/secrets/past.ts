import { parseRecipients, type Recipient } from "../../secrets/recipients.ts";
import { readValueFile } from "../../secrets/value-file.ts";
import { systemGit } from "../../source/local/system-git.ts";
import { SourceError } from "../../source/source.ts";
import { listPaths } from "./recipients-for.ts";

/** A state of the repo in which another list counted than in the next newer one. */
export interface PastList {
  /** What git calls it. */
  readonly revision: string;
  readonly recipients: readonly Recipient[];
}

/** What git remembers of lists and files, as far back as it is looked for. */
export interface Past {
  /** Lists that counted for a file, the newest first: the head's, and the one before each change. */
  listsFor(path: string): Promise<readonly PastList[]>;
  /** Text of a file then; undefined where it was not there. */
  textAt(revision: string, path: string): Promise<string | undefined>;
  /** What a file of values held then, by key; nothing where it was none. */
  valuesAt(revision: string, path: string): Promise<ReadonlyMap<string, string | null>>;
}

const mostChanges = 100;

/** Undefined where no git can tell: no repository, no commit, no git command. */
export async function openPast(folder: string): Promise<Past | undefined> {
  const git = async (...argv: readonly string[]): Promise<string | undefined> => {
    const { code, stdout } = await systemGit(folder, argv);
    return code === 0 ? stdout : undefined;
  };
  try {
    if ((await git("rev-parse", "--verify", "--quiet", "HEAD")) === undefined) return undefined;
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
  const texts = new Map<string, Promise<string | undefined>>();
  const textAt = (revision: string, path: string): Promise<string | undefined> => {
    const key = `${revision}:./${path}`;
    const known = texts.get(key) ?? git("cat-file", "blob", key);
    texts.set(key, known);
    return known;
  };
  const values = new Map<string, Promise<ReadonlyMap<string, string | null>>>();
  const readValues = async (revision: string, path: string) => {
    const read = readValueFile((await textAt(revision, path)) ?? "");
    return new Map("entries" in read ? read.entries.map(({ key, value }) => [key, value]) : []);
  };
  const lists = new Map<string, Promise<readonly PastList[]>>();
  const readLists = async (paths: readonly string[]): Promise<readonly PastList[]> => {
    const log = await git(
      "log",
      `-n${mostChanges}`,
      "--format=%H",
      "--",
      ...paths.map((path) => `./${path}`),
    );
    const changes = (log ?? "").split("\n").filter((line) => line !== "");
    const found: PastList[] = [];
    for (const revision of ["HEAD", ...changes.map((change) => `${change}^`)]) {
      const recipients = await listAt(revision, paths, textAt);
      if (recipients !== undefined) found.push({ revision, recipients });
    }
    return found;
  };
  return {
    textAt,
    valuesAt: (revision, path) => {
      const key = `${revision} ${path}`;
      const known = values.get(key) ?? readValues(revision, path);
      values.set(key, known);
      return known;
    },
    listsFor: (path) => {
      const paths = listPaths(path);
      const key = paths.join(" ");
      const known = lists.get(key) ?? readLists(paths);
      lists.set(key, known);
      return known;
    },
  };
}

/** Of the nearest list that was there then. */
async function listAt(
  revision: string,
  paths: readonly string[],
  textAt: Past["textAt"],
): Promise<readonly Recipient[] | undefined> {
  for (const path of paths) {
    const text = await textAt(revision, path);
    if (text !== undefined) return parseRecipients(text, path).recipients;
  }
  return undefined;
}
