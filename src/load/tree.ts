import { printableLine } from "../lib/text.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import type { Report } from "./findings.ts";
import { nameProblem } from "./names.ts";
import { startOf } from "./node.ts";
import { describe } from "./text.ts";

/** A YAML document of the repo; overlays of the environment come after what they are laid over. */
export interface Layers {
  readonly name: string;
  /** Where what it ships is looked for, without environment: `apps` or `apps/shop`. */
  readonly folder: string;
  readonly files: readonly TreeEntry[];
}

/** The files that make up one fleet. */
export interface RepoTree {
  readonly settings: readonly TreeEntry[];
  /** How many files describe machines and apps. */
  readonly documents: number;
  readonly machines: ReadonlyMap<string, Layers>;
  readonly apps: ReadonlyMap<string, Layers>;
  /** What apps may ship, by path without environment; the environment's file hides the root's. */
  readonly shippable: ReadonlyMap<string, TreeEntry>;
}

/** The most files that describe machines and apps. */
export const documentLimit = 10_000;
export const topFolders = ["apps", "machines", "environments", "secrets"] as const;

/** The environments that a repo has, sorted. */
export function environmentsOf(snapshot: Pick<Snapshot, "entries">): readonly string[] {
  const names = snapshot.entries.flatMap(({ path }) => {
    const [top, name, ...rest] = path.split("/");
    return top === "environments" && name !== undefined && rest.length > 0 ? [name] : [];
  });
  return [...new Set(names)].toSorted();
}

/** Sorts the entries of a tree into documents and what they may ship; refuses what does not belong. */
export function readTree(
  entries: readonly TreeEntry[],
  environment: string | undefined,
  report: Report,
): RepoTree {
  const settings: TreeEntry[] = [];
  const machines = new Map<string, Layers>();
  const apps = new Map<string, Layers>();
  const shippable = new Map<string, TreeEntry>();
  const overlay = environment === undefined ? undefined : `environments/${environment}/`;
  let documents = 0;
  const place = (entry: TreeEntry, path: string): void => {
    const found = classify(path);
    if (found.as === "yml") {
      report(
        "yml-extension",
        startOf(entry.path),
        `only .yaml is read: call it ${entry.path.replace(/\.yml$/, ".yaml")}`,
      );
    } else if (found.as === "stray") {
      report("stray-document", startOf(entry.path), found.why);
    } else if (found.as === "shippable") {
      shippable.set(path, entry);
    } else if (found.as === "machine" || found.as === "app") {
      documents++;
      addLayer(found.as === "machine" ? machines : apps, found, entry, report);
    } else {
      settings.push(entry);
    }
  };
  const ours = entries.filter((entry) => isOurs(entry, report));
  for (const entry of ours) if (!entry.path.startsWith("environments/")) place(entry, entry.path);
  for (const entry of ours) {
    if (overlay !== undefined && entry.path.startsWith(overlay))
      place(entry, entry.path.slice(overlay.length));
  }
  return { settings, machines, apps, shippable, documents };
}

type Place =
  | { readonly as: "settings" | "yml" | "shippable" }
  | { readonly as: "stray"; readonly why: string }
  | { readonly as: "machine" | "app"; readonly name: string; readonly folder: string };

/** What a file is, by its path without environment. */
function classify(path: string): Place {
  const parts = path.split("/");
  const [top = "", second = "", third = ""] = parts;
  const name = parts.at(-1) ?? "";
  if (parts.length === 1)
    return {
      as: /^slipway\.yml$/.test(path) ? "yml" : path === "slipway.yaml" ? "settings" : "shippable",
    };
  if (name.startsWith(".")) return { as: "shippable" };
  const flat = parts.length === 2;
  if (top === "machines") {
    if (name.endsWith(".yml")) return { as: "yml" };
    if (!name.endsWith(".yaml")) return { as: "shippable" };
    if (flat) return { as: "machine", name: second.slice(0, -".yaml".length), folder: "machines" };
    return { as: "stray", why: "machines/ has no folders: a machine is machines/<name>.yaml" };
  }
  if (top !== "apps") return { as: "shippable" };
  if (flat && name.endsWith(".yml")) return { as: "yml" };
  if (flat && name.endsWith(".yaml"))
    return { as: "app", name: second.slice(0, -".yaml".length), folder: "apps" };
  if (parts.length === 3 && third === "app.yml") return { as: "yml" };
  if (parts.length === 3 && third === "app.yaml")
    return { as: "app", name: second, folder: `apps/${second}` };
  return { as: "shippable" };
}

function addLayer(
  into: Map<string, Layers>,
  { name, folder }: { readonly name: string; readonly folder: string },
  entry: TreeEntry,
  report: Report,
): void {
  const problem = nameProblem(name);
  if (problem !== undefined) {
    const where = startOf(printableLine(entry.path));
    report(
      "bad-name",
      where,
      `'${printableLine(name)}' is not a name (a-z, 0-9 and '-', at most 40): ${problem}`,
    );
    return;
  }
  const known = into.get(name);
  if (known !== undefined && known.folder !== folder) {
    const other = known.files[0]?.path ?? "";
    report(
      "app-declared-twice",
      startOf(entry.path),
      `app '${name}' already is ${other}; keep one of the two`,
    );
    return;
  }
  into.set(name, { name, folder, files: [...(known?.files ?? []), entry] });
}

/** Whether an entry is one that Slipway reads. What tries to be something else than a file in the repo is refused. */
function isOurs(entry: TreeEntry, report: Report): boolean {
  const { path, type } = entry;
  const parts = path.split("/");
  if (path.startsWith("/") || parts.includes("..")) {
    report("bad-path", startOf(printableLine(path)), "a path that leads out of the repo");
    return false;
  }
  const [top = ""] = parts;
  const ours =
    path === "slipway.yaml" ||
    path === "slipway.yml" ||
    (parts.length > 1 && topFolders.some((folder) => folder === top));
  const link = type === "symlink" || type === "submodule";
  if (!ours && !(link && topFolders.some((folder) => folder === path))) return false;
  if (top === "secrets") return false;
  const odd = [...path].find(
    (char) => char === "\\" || /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(char),
  );
  if (odd !== undefined || parts.includes("") || parts.includes(".")) {
    const why =
      odd === undefined
        ? "a path with an empty or '.' segment"
        : `a path that holds ${describe(odd)}`;
    report("bad-path", startOf(printableLine(path)), why);
    return false;
  }
  if (link) {
    const why =
      type === "symlink"
        ? "a symbolic link is not followed; put the file itself here"
        : "a submodule is not read";
    report(type, startOf(path), why);
    return false;
  }
  return true;
}
