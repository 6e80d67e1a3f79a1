import type { Field } from "../../../model/change.ts";
import { optional } from "../optional.ts";
import type { FilesSpec } from "./spec.ts";
import { octal, type Tree, type TreeNode } from "./tree.ts";

/** What stands where a file or a folder was shipped to. */
export interface FilesLive {
  /** By path, "" is itself: `folder 0755 0:0`, `file 0644 0:0 <sha256>`. */
  readonly nodes: Readonly<Record<string, string>>;
  /** Holds a name that none of ours has. */
  readonly odd: boolean;
}

export const folderMode = "0755";

export const liveOf = ({ nodes, odd }: Tree): FilesLive => ({
  nodes: Object.fromEntries([...nodes].map(([path, node]) => [path, textOf(node)])),
  odd,
});

const textOf = ({ type, mode, owner, sha256 }: TreeNode): string =>
  [type, mode, owner, ...(sha256 === undefined ? [] : [sha256])].join(" ");

export type Nodes = ReadonlyMap<string, string>;

export const liveNodes = (have: FilesLive): Nodes => new Map(Object.entries(have.nodes));

/** What should be there, in the form of a state. */
export function wantedNodes({ entries, folder, owner }: FilesSpec): Nodes {
  const folders = entries.flatMap(({ path }) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  });
  const nodes = new Map<string, string>();
  for (const path of folder ? ["", ...folders] : [])
    nodes.set(path, textOf({ type: "folder", mode: folderMode, owner }));
  for (const { path, sha256, mode } of entries)
    nodes.set(path, textOf({ type: "file", mode: fourDigits(mode), owner, sha256 }));
  return nodes;
}

const fourDigits = (mode: string): string => octal(Number.parseInt(mode, 8));

/** Which files are not as in this version; of another version: what it has that this has not, and the other way round. */
export function versionFields(want: FilesSpec, have: FilesLive): readonly Field[] {
  const [nodes, live] = [wantedNodes(want), liveNodes(have)];
  const paths = [...new Set([...nodes.keys(), ...live.keys()])].toSorted();
  const isSecret = want.entries.some(({ content }) => "sealed" in content);
  const show = isSecret ? shownSecret : shownNode;
  const fields = paths
    .filter((path) => nodes.get(path) !== live.get(path))
    .map((path) => ({
      path: path === "" ? `files.${want.target}` : `files.${want.target}/${path}`,
      ...optional("declared", show(nodes.get(path), nodes.get(path))),
      ...optional("live", show(live.get(path), nodes.get(path))),
    }));
  return have.odd
    ? [...fields, { path: `files.${want.target}`, live: "a name with control characters" }]
    : fields;
}

const sum = / ([0-9a-f]{12})[0-9a-f]{52}$/;

/** `file 0644 0:0 content 0123456789ab` */
const shownNode = (text: string | undefined): string | undefined =>
  text?.replace(sum, " content $1");

/** Of a secret not even a sum is shown: a short one could be guessed by it. */
const shownSecret = (text: string | undefined, wanted: string | undefined): string | undefined =>
  text?.replace(
    sum,
    sum.exec(text)?.[0] === sum.exec(wanted ?? "")?.[0] ? " secret" : " other content",
  );
