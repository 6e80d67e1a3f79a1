import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { must } from "../../fleet/run.ts";
import type { Hit } from "./machine.ts";
import type { Needles } from "./marks.ts";

export const searchText = (place: string, text: string, needles: Needles): readonly Hit[] =>
  needles.foundIn(text).map((mark) => ({ place, mark }));

/** All files below a folder and their names; also what stands compressed in the git repositories that are there. */
export async function searchFolder(
  folder: string,
  needles: Needles,
  leftOut: readonly string[] = [],
): Promise<readonly Hit[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const hits: Hit[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (leftOut.some((out) => path === out || path.startsWith(`${out}/`))) continue;
    hits.push(...searchText(`the name of ${path}`, path, needles));
    if (entry.isFile()) {
      const content = await readFile(path, "latin1");
      hits.push(...needles.foundInBytes(content).map((mark) => ({ place: path, mark })));
    }
    if (entry.isDirectory() && entry.name === "objects")
      hits.push(...(await searchRepo(dirname(path), needles)));
  }
  return hits;
}

/** All objects of a repository: files, messages, notes, also what nothing leads to any more. */
export async function searchRepo(gitDir: string, needles: Needles): Promise<readonly Hit[]> {
  const objects = await must([
    "git",
    `--git-dir=${gitDir}`,
    "cat-file",
    "--batch-all-objects",
    "--batch",
  ]);
  return searchText(`objects in ${gitDir}`, objects, needles);
}
