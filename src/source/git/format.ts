import type { CommitInfo } from "../../model/snapshot.ts";
import type { Identity } from "../source.ts";

/** The bytes of git's objects, as parsed values and back. */

export interface Commit extends CommitInfo {
  readonly tree: string;
}

export interface TreeItem {
  /** Octal, as git writes it: `40000` folder, `100644` file, `100755` executable, `120000` symlink, `160000` submodule. */
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

export const folderMode = "40000";

export class MalformedObject extends Error {
  override readonly name = "MalformedObject";
}

export function parseCommit(revision: string, bytes: Buffer): Commit {
  const end = bytes.indexOf("\n\n");
  const header = bytes.toString("utf8", 0, end < 0 ? bytes.length : end).split("\n");
  const values = (key: string): string[] =>
    header.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [tree] = values("tree");
  if (tree === undefined) throw new MalformedObject(`commit ${revision} names no tree`);
  const who = /^(.*?) ?<([^>]*)>/.exec(values("author")[0] ?? "");
  const seconds = /> (-?\d+)/.exec(values("committer")[0] ?? "")?.[1];
  return {
    revision,
    tree,
    parents: values("parent"),
    message: end < 0 ? "" : bytes.toString("utf8", end + 2),
    author: who === null ? "" : `${who[1]} <${who[2]}>`,
    committedMs: Number(seconds ?? 0) * 1000,
  };
}

export function formatCommit(commit: {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: Identity;
  readonly committer: Identity;
  readonly atMs: number;
}): Buffer {
  const signed = (who: Identity): string =>
    `${plain(who.name)} <${plain(who.email)}> ${Math.floor(commit.atMs / 1000)} +0000`;
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${signed(commit.author)}`,
    `committer ${signed(commit.committer)}`,
    "",
    commit.message.endsWith("\n") ? commit.message : `${commit.message}\n`,
  ];
  return Buffer.from(lines.join("\n"));
}

/** What git takes out of names by itself. */
const plain = (text: string): string => text.replaceAll(/[<>\n\0]/g, "").trim();

/** With `latin1` names stay byte for byte, for writing the tree again; otherwise they are text. */
export function parseTree(
  oid: string,
  bytes: Buffer,
  names: "utf8" | "latin1" = "utf8",
): TreeItem[] {
  const items: TreeItem[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const zero = bytes.indexOf(0, space + 1);
    if (space < 0 || zero < 0 || zero + 21 > bytes.length)
      throw new MalformedObject(`tree ${oid} ends too early`);
    items.push({
      mode: bytes.toString("latin1", at, space).replace(/^0+/, ""),
      name: bytes.toString(names, space + 1, zero),
      oid: bytes.toString("hex", zero + 1, zero + 21),
    });
    at = zero + 21;
  }
  return items;
}

/** Sorted as git sorts: by bytes, a folder as if its name ended in `/`. */
export function formatTree(items: readonly TreeItem[], names: "utf8" | "latin1" = "utf8"): Buffer {
  const key = (item: TreeItem): Buffer =>
    Buffer.from(item.mode === folderMode ? `${item.name}/` : item.name, names);
  const sorted = items
    .map((item) => ({ item, key: key(item) }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(
    sorted.flatMap(({ item }) => [
      Buffer.from(`${item.mode} `, "latin1"),
      Buffer.from(`${item.name}\0`, names),
      Buffer.from(item.oid, "hex"),
    ]),
  );
}

/** The commit or other object that an annotated tag stands for. */
export function parseTag(oid: string, bytes: Buffer): string {
  const target = /^object ([0-9a-f]{40})\n/.exec(bytes.toString("latin1", 0, 60))?.[1];
  if (target === undefined) throw new MalformedObject(`tag ${oid} names no object`);
  return target;
}
