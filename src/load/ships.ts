import type { Where } from "../model/diagnostic.ts";
import type { ShippedFile } from "../model/documents.ts";
import type { TreeEntry } from "../model/snapshot.ts";
import { didYouMean } from "../lib/suggest.ts";
import { printableLine } from "../lib/text.ts";
import { variantsOf, type Family, type Member } from "./expand.ts";
import type { Report } from "./findings.ts";

/** The most files that one app ships. */
const shipLimit = 2_000;

/** What may be shipped, by path, and all paths in order. */
export interface Shippable {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly paths: readonly string[];
  /** Folders that belong to an app: `apps/shop`. */
  readonly appFolders: ReadonlySet<string>;
  /** Paths of what is refused, which may be what an app means. */
  readonly refused: ReadonlySet<string>;
}

/** What each source that an app names in `files` stands for, by the source as declared. */
export function shipsOf(
  app: Member,
  family: Family,
  shippable: Shippable,
  report: Report,
): ReadonlyMap<string, readonly ShippedFile[]> {
  const ships = new Map<string, readonly ShippedFile[]>();
  for (const { fields, at } of variantsOf(app)) {
    for (const [path, entry] of Object.entries(fields.files ?? {})) {
      const source = typeof entry === "string" ? entry : entry.from;
      if (source === undefined) continue;
      const where = at(typeof entry === "string" ? ["files", path] : ["files", path, "from"]);
      const files = resolveSource(source, family.folder, shippable, (code, message) =>
        report(code, where, message),
      );
      if (files !== undefined) ships.set(source, files);
    }
  }
  const count = [...ships.values()].reduce((sum, files) => sum + files.length, 0);
  if (count > shipLimit) {
    const where: Where = app.at(["files"]);
    report(
      "ships-too-many",
      where,
      `app '${app.name}' ships ${count} files; ${shipLimit} is the most. Put them into its image`,
    );
  }
  return ships;
}

/** The single file that a source stands for, if it may be shipped. */
export function entryOf(
  source: string,
  folder: string,
  { entries }: Shippable,
): TreeEntry | undefined {
  const path = pathOf(source, folder, () => undefined);
  return path === undefined || source.endsWith("/") ? undefined : entries.get(path);
}

type Refuse = (code: Parameters<Report>[0], message: Parameters<Report>[2]) => void;

function resolveSource(
  source: string,
  folder: string,
  shippable: Shippable,
  refuse: Refuse,
): readonly ShippedFile[] | undefined {
  const path = pathOf(source, folder, refuse);
  if (path === undefined) return undefined;
  const flat = folder === "apps";
  const shown = printableLine(source);
  const foreign = [...shippable.appFolders].find(
    (own) => own !== folder && (path === own || path.startsWith(`${own}/`)),
  );
  if (foreign !== undefined) {
    refuse("source-escapes", `'${shown}' belongs to another app: ${foreign}/ is its own`);
    return undefined;
  }
  const entry = shippable.entries.get(path);
  const files =
    entry !== undefined && !source.endsWith("/")
      ? [shipped("", entry)]
      : below(path, shippable).map((inner) =>
          shipped(inner.slice(path.length + 1), shippable.entries.get(inner)),
        );
  if (flat && [path, ...files.map((file) => file.path)].some((name) => /\.ya?ml$/.test(name))) {
    refuse(
      "flat-app-ships-yaml",
      `'${shown}': a flat app ships no YAML from apps/; move it to apps/<name>/app.yaml with its files beside it`,
    );
    return undefined;
  }
  if (path === `${folder}/app.yaml`) {
    refuse(
      "ships-own-document",
      `'${shown}' is the app's own file, which says how it runs; ship another one`,
    );
    return undefined;
  }
  if (files.length > 0) return files;
  if (isRefused(path, shippable)) return undefined;
  refuse("source-missing", () =>
    entry === undefined
      ? `'${shown}' is neither a file nor a folder in ${folder}/${nearSource(path, folder, shippable)}`
      : `'${shown}' is a file; leave out the '/' at its end`,
  );
  return undefined;
}

/** Among more paths than this none is looked for. */
const nearLimit = 1_000;

export function nearSource(path: string, folder: string, shippable: Shippable): string {
  const there = below(folder, shippable);
  if (there.length > nearLimit) return "";
  const names = there.map((one) => printableLine(one.slice(folder.length + 1)));
  return didYouMean(path.slice(folder.length + 1), names);
}

/** Whether something that is refused stands at a path, above or below it. Of very many it is taken to be so. */
export const isRefused = (path: string, { refused }: Shippable): boolean =>
  refused.size > nearLimit ||
  refused
    .values()
    .some((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`));

/** A source's path in the repo; refused where it would lead out of the folder. */
export function pathOf(source: string, folder: string, refuse: Refuse): string | undefined {
  const shown = printableLine(source);
  if (source.includes("\\") || /\p{Cc}/u.test(source)) {
    refuse(
      "bad-source",
      `'${shown}' is not a path: folders are separated by '/', without backslashes and control characters`,
    );
    return undefined;
  }
  const segments = source.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (source.startsWith("/") || segments.includes("..")) {
    refuse(
      "source-escapes",
      `'${shown}' leads out of ${folder}/; ${folder === "machines" ? "a machine has" : "an app ships"} what stands beside it`,
    );
    return undefined;
  }
  if (segments.length === 0 && folder === "apps") {
    refuse(
      "source-escapes",
      `'${shown}' is apps/ itself, which holds every app; use apps/<name>/app.yaml`,
    );
    return undefined;
  }
  return [folder, ...segments].join("/");
}

export const shipped = (path: string, entry: TreeEntry | undefined): ShippedFile => ({
  path,
  blob: entry?.blob ?? "",
  executable: entry?.type === "executable",
});

/** All paths below a folder, found by halving: a repo may hold very many. */
function below(folder: string, { paths }: Shippable): readonly string[] {
  const prefix = `${folder}/`;
  let low = 0;
  let high = paths.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((paths[middle] ?? "") < prefix) low = middle + 1;
    else high = middle;
  }
  const found: string[] = [];
  for (let i = low; paths[i]?.startsWith(prefix) === true; i++) found.push(paths[i] ?? "");
  return found;
}
