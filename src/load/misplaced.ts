import { suggest } from "../lib/suggest.ts";
import { printableLine } from "../lib/text.ts";
import type { TreeEntry } from "../model/snapshot.ts";
import type { Report } from "./findings.ts";
import { nameProblem } from "./names.ts";
import { startOf } from "./node.ts";
import { topFolders } from "./places.ts";
import { environmentsOf, type RepoTree } from "./tree.ts";

/** Files that look meant for Slipway and stand where it does not look. */
export function findMisplaced(
  entries: readonly TreeEntry[],
  tree: RepoTree,
  environment: string | undefined,
  report: Report,
): void {
  const seen = new Set<string>();
  for (const { path } of entries) {
    const [top = "", second = "", third] = path.split("/");
    if (!/\.(?:ya?ml|age)$/.test(path)) continue;
    const meant = topFolders.some((folder) => folder === top)
      ? undefined
      : suggest(top, topFolders);
    if (second !== "" && meant !== undefined && !seen.has(top)) {
      seen.add(top);
      report(
        "misspelt-folder",
        startOf(path),
        `'${printableLine(top)}/' is not read (did you mean '${meant}/'?)`,
      );
    }
    if (top === "environments" && third === undefined) {
      report("stray-document", startOf(path), "environments/ holds folders: environments/<name>/…");
    }
  }
  for (const name of environmentsOf({ entries })) {
    const problem = nameProblem(name);
    if (problem !== undefined && (environment === undefined || environment === name)) {
      const shown = printableLine(name);
      report(
        "bad-name",
        startOf(`environments/${shown}`),
        `environment '${shown}' is not a name: ${problem}`,
      );
    }
  }
  foldersWithoutApp(tree, report);
  straySecrets(entries, environment, report);
  nestedEnvironments(entries, environment, report);
  if (isBare(tree, environment, entries))
    report(
      "nothing-declared",
      startOf("slipway.yaml"),
      "neither an app (apps/<name>.yaml) nor a machine (machines/<name>.yaml): nothing is deployed",
    );
}

/** A fleet of nothing; the root need not be one where there are environments. */
const isBare = (
  tree: RepoTree,
  environment: string | undefined,
  entries: readonly TreeEntry[],
): boolean =>
  tree.settings.length > 0 &&
  tree.refused.size + tree.apps.size + tree.machines.size === 0 &&
  (environment !== undefined || environmentsOf({ entries }).length === 0);

function nestedEnvironments(
  entries: readonly TreeEntry[],
  environment: string | undefined,
  report: Report,
): void {
  const told = new Set<string>();
  for (const { path } of entries) {
    const [, name = ""] = /^environments\/([^/]+)\/environments\//.exec(path) ?? [];
    if (name === "" || told.has(name) || (environment ?? name) !== name) continue;
    told.add(name);
    report(
      "misplaced-document",
      startOf(printableLine(path)),
      "an environment has no environments/ of its own: nothing in it is read",
    );
  }
}

/** What lies among secrets and is none, was perhaps meant to be one; what explains them is left alone. */
function straySecrets(
  entries: readonly TreeEntry[],
  environment: string | undefined,
  report: Report,
): void {
  for (const { path, type } of entries) {
    const [, named = environment, inside = ""] =
      /^(?:environments\/([^/]+)\/)?secrets\/(.+)$/.exec(path) ?? [];
    if (inside === "" || named !== environment || !/^(?:file|executable)$/.test(type)) continue;
    if (/(?:^|\/)(?:\.(?!env)|README|LICENSE)|\.(?:ya?ml|age|md|pub)$/.test(inside)) continue;
    report(
      "stray-secret",
      startOf(printableLine(path)),
      `not read, and not encrypted as far as Slipway knows: a whole file is encrypted by age, and called ${printableLine(path.replace(/\/\.([^/]*)$/, "/$1"))}.age`,
    );
  }
}

/** A folder of apps/ that holds YAML but no app.yaml, and that no flat app could mean to ship. */
function foldersWithoutApp(tree: RepoTree, report: Report): void {
  const told = new Set<string>();
  for (const [path, entry] of tree.shippable) {
    const [top, folder = "", ...rest] = path.split("/");
    if (top !== "apps" || rest.length === 0 || !/\.ya?ml$/.test(path)) continue;
    if (tree.apps.get(folder)?.folder === `apps/${folder}` || told.has(folder)) continue;
    told.add(folder);
    report(
      "folder-without-app",
      startOf(entry.path),
      `apps/${folder}/ has no app.yaml: nothing in it is deployed`,
    );
  }
}
