import { printableLine } from "../lib/text.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import type { ParseCache } from "./cache.ts";
import type { Report } from "./findings.ts";
import { parseAll } from "./layers.ts";
import { likelyName } from "./names.ts";
import { mapAt, nodeAt, startOf, type Node } from "./node.ts";

/** A root with more YAML than this is not one of forgotten apps. */
const filesLimit = 50;

/** Files in the root that say what an app says: they were meant to be deployed, and are not. */
export async function findLooseDocuments(
  snapshot: Snapshot,
  cache: ParseCache,
  report: Report,
): Promise<void> {
  const loose = snapshot.entries.filter(isLoose).slice(0, filesLimit);
  if (loose.length === 0) return;
  for (const [path, { root }] of await parseAll(loose, snapshot, cache)) {
    const what = root === undefined ? undefined : looksLike(root);
    if (what === undefined) continue;
    const stem = path.replace(/\.ya?ml$/, "");
    const isCompose = /compose/.test(stem) || what === "a Compose file";
    const name = isCompose ? undefined : likelyName(stem);
    const advice = isCompose
      ? "each app has a file of its own: apps/<name>.yaml"
      : `move it to apps/${name ?? "<name>"}.yaml`;
    report(
      "misplaced-document",
      startOf(printableLine(path)),
      `this looks like ${isCompose ? "a Compose file" : what}, and is not read here: ${advice}`,
    );
  }
}

const isLoose = ({ path, type }: TreeEntry): boolean =>
  (type === "file" || type === "executable") &&
  !path.includes("/") &&
  !path.startsWith(".") &&
  /\.ya?ml$/.test(path) &&
  !/^slipway\.ya?ml$/.test(path);

/** By what it holds: CI and tools have files in the root as well, whose keys are others. */
function looksLike(root: Node): string | undefined {
  if (nodeAt(root, ["image"])?.kind === "scalar") return "an app";
  const services = mapAt(root, ["services"]);
  const isOfCompose = services?.entries.values().some(({ node }) => runsSomething(node)) === true;
  return isOfCompose ? "a Compose file" : undefined;
}

const runsSomething = (node: Node): boolean =>
  ["image", "build", "command", "ports"].some((key) => nodeAt(node, [key]) !== undefined);
