import { isObject } from "../../../lib/json.ts";
import type { Answers } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import type { LiveContainer } from "../../shared/container/live.ts";
import { liveOf, type FilesLive } from "../../shared/files/nodes.ts";
import { formerOf, livePattern } from "../../shared/files/replace.ts";
import { parseTrees, treesQuery, type Tree, type Trees } from "../../shared/files/tree.ts";

/** Files that a container sees and that are replaced while it runs. */
export interface Shipped {
  /** By where they are mounted. */
  readonly files: Readonly<Record<string, FilesLive>>;
  /** They were replaced, and whether that was proven is not known. */
  readonly isHalfway: boolean;
}

/** Looks into what is shipped only where a container has such files: all others are told without it. */
export function shippedReader(
  answers: Answers,
  about: About,
): (live: LiveContainer) => Shipped | undefined {
  let read: Trees | undefined;
  const trees = (): Trees => (read ??= parseTrees(answers.text(treesQuery(about.root))));
  return ({ fields }) => {
    const mounts = Object.entries(fields).flatMap(([path, mount]) => {
      const source = isObject(mount) && path.startsWith("mounts.") ? mount["source"] : undefined;
      const [, folder, number] = (typeof source === "string" && livePattern.exec(source)) || [];
      if (folder === undefined || number === undefined) return [];
      return [{ target: path.slice("mounts.".length), folder, number }];
    });
    const [first] = mounts;
    if (first === undefined) return undefined;
    const files = mounts.map(({ target, folder, number }) => [
      target,
      liveOf(below(trees().get(folder), number)),
    ]);
    return {
      files: Object.fromEntries(files) as Shipped["files"],
      isHalfway: trees().has(formerOf(first.folder)),
    };
  };
}

function below(tree: Tree | undefined, number: string): Tree {
  const own = [...(tree?.nodes ?? [])].flatMap(([path, node]) => {
    if (path === number) return [["", node] as const];
    return path.startsWith(`${number}/`) ? [[path.slice(number.length + 1), node] as const] : [];
  });
  return { nodes: new Map(own), odd: tree?.odd === true };
}
