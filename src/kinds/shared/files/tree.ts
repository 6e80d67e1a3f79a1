import { Unreadable } from "../../../model/live.ts";
import type { RunQuery } from "../../../model/query.ts";

/** What is below Slipway's folder for shipped files, by name of the first level. */
export type Trees = ReadonlyMap<string, Tree>;

export interface Tree {
  /** By path below it; "" is itself. */
  readonly nodes: ReadonlyMap<string, TreeNode>;
  /** Something below it has a control character in its name. */
  readonly odd: boolean;
}

export interface TreeNode {
  readonly type: "file" | "folder" | "other";
  /** Octal, four digits. */
  readonly mode: string;
  /** `uid:gid` */
  readonly owner: string;
  readonly sha256?: string;
}

/**
 * Lists all below $1: names with control characters only as 'odd', as none of ours has one; so each line is one entry,
 * and the n-th sum is the n-th file's. Runs with coreutils and with busybox.
 */
const listing = `
cd "$1" || exit 1
LC_ALL=C
export LC_ALL
find . -name '*[[:cntrl:]]*' -prune -exec sh -c '
  for path; do
    path=\${path#./}
    top=\${path%%/*}
    case $top in *[!0-9a-f.]*) ;; *) printf "%s\\n" "$top" ;; esac
  done' sh {} + || exit 1
echo nodes
find . -name '*[[:cntrl:]]*' -prune -o ! -name . -exec stat -c '%f %u:%g %n' {} + || exit 1
echo sums
find . -name '*[[:cntrl:]]*' -prune -o -type f -exec sha256sum {} + || exit 1
echo end
`;

export const treesQuery = (root: string): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", listing, "sh", `${root}/files`],
  where: [`${root}/files`],
});

/** Reads the listing. Throws Unreadable when it is not whole. */
export function parseTrees(text: string | undefined): Trees {
  const lines = (text ?? "").split("\n");
  const nodesAt = lines.indexOf("nodes");
  const sumsAt = lines.indexOf("sums");
  const endAt = lines.indexOf("end");
  if (endAt === 0) return new Map();
  if (nodesAt < 0 || sumsAt < nodesAt || endAt < sumsAt)
    throw new Unreadable("the listing of files has no end");
  const odd = new Set(lines.slice(0, nodesAt));
  const sums = lines.slice(sumsAt + 1, endAt).map(parseSum);
  const nodes = lines.slice(nodesAt + 1, sumsAt).map(parseNode);
  const files = nodes.filter((n) => n.node.type === "file");
  if (files.length !== sums.length)
    throw new Unreadable(`${files.length} files were listed with ${sums.length} sums`);
  const sumOf = new Map(files.map(({ path }, index) => [path, sums[index]]));
  const trees = new Map<string, { nodes: Map<string, TreeNode>; odd: boolean }>();
  for (const { path, node } of nodes) {
    const slash = path.indexOf("/");
    const [top, below] = slash < 0 ? [path, ""] : [path.slice(0, slash), path.slice(slash + 1)];
    const tree = trees.get(top) ?? { nodes: new Map(), odd: odd.has(top) };
    const sha256 = sumOf.get(path);
    tree.nodes.set(below, sha256 === undefined ? node : { ...node, sha256 });
    trees.set(top, tree);
  }
  return trees;
}

/** GNU's sha256sum marks a name that it had to escape by a backslash before the sum. */
function parseSum(line: string): string {
  const sum = /^\\?([0-9a-f]{64}) /.exec(line)?.[1];
  if (sum === undefined) throw new Unreadable("a line of sums is not one");
  return sum;
}

function parseNode(line: string): { readonly path: string; readonly node: TreeNode } {
  const [, raw = "", owner = "", path] = /^([0-9a-f]+) (\d+:\d+) \.\/(.+)$/s.exec(line) ?? [];
  if (path === undefined) throw new Unreadable("a line of the listing of files is not one");
  const bits = Number.parseInt(raw, 16);
  const type = bits >> 12 === 0o10 ? "file" : bits >> 12 === 0o4 ? "folder" : "other";
  return { path, node: { type, mode: octal(bits & 0o7777), owner } };
}

export const octal = (bits: number): string => bits.toString(8).padStart(4, "0");
