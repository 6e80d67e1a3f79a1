import { printableLine } from "../lib/text.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import type { Report } from "./findings.ts";
import { likelyName, nameProblem } from "./names.ts";
import { startOf } from "./node.ts";
import { classify, refusalOf, type DocumentPlace } from "./places.ts";
import { createSecretSorter, type SecretTree } from "./secret-tree.ts";

/** A file that describes something. One that is refused is not read, but what it describes is there. */
export interface LayerFile extends TreeEntry {
  readonly refused?: true;
}

/** A YAML document of the repo; overlays of the environment come after what they are laid over. */
export interface Layers {
  readonly name: string;
  /** Where what it ships is looked for, without environment: `apps` or `apps/shop`. */
  readonly folder: string;
  readonly files: readonly LayerFile[];
  /** The file's own name is none: this is the one that it should probably have. */
  readonly guessed?: true;
}

/** The files that make up one fleet. */
export interface RepoTree {
  readonly settings: readonly LayerFile[];
  /** How many files describe machines and apps, or hold values of secrets. */
  readonly documents: number;
  readonly machines: ReadonlyMap<string, Layers>;
  readonly apps: ReadonlyMap<string, Layers>;
  /** What apps may ship, by path without environment; the environment's file hides the root's. */
  readonly shippable: ReadonlyMap<string, TreeEntry>;
  readonly secrets: SecretTree;
  /** Paths, without environment, of what is refused: what lies there, or below, may be anything. */
  readonly refused: ReadonlySet<string>;
}

/** The most files that describe machines and apps, or hold values of secrets. */
export const documentLimit = 10_000;

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
  const overlay = environment === undefined ? undefined : `environments/${environment}/`;
  const files = entries.flatMap((entry): readonly LayerFile[] => {
    const refusal = refusalOf(entry);
    if (refusal === undefined) return [entry];
    if (refusal === "not ours") return [];
    report(refusal.code, startOf(printableLine(entry.path)), refusal.why);
    return [{ ...entry, refused: true }];
  });
  const sorter = createSorter(report);
  for (const file of files)
    if (!file.path.startsWith("environments/")) sorter.place(file, file.path);
  for (const file of files) {
    if (overlay !== undefined && file.path.startsWith(overlay))
      sorter.place(file, file.path.slice(overlay.length));
  }
  return sorter.tree();
}

interface Sorter {
  /** Takes a file, and its path without environment: first those of the root, then those of the environment. */
  place(file: LayerFile, path: string): void;
  tree(): RepoTree;
}

function createSorter(report: Report): Sorter {
  const settings: LayerFile[] = [];
  const machines = new Map<string, Layers>();
  const apps = new Map<string, Layers>();
  const shippable = new Map<string, TreeEntry>();
  const secrets = createSecretSorter(report);
  const refused = new Set<string>();
  const unread: (readonly [DocumentPlace, LayerFile])[] = [];
  let documents = 0;
  return {
    place(file, path) {
      const { place, wrong } = classify(path, file.type);
      if (wrong !== undefined && file.refused !== true)
        report(wrong.code, startOf(file.path), wrong.why(file.path));
      const isRefused = file.refused === true || wrong !== undefined;
      if (isRefused) refused.add(path);
      const layer: LayerFile = isRefused ? { ...file, refused: true } : file;
      if (place === "settings") settings.push(layer);
      else if (place === "shippable") {
        if (!isRefused) shippable.set(path, file);
        else if (/^secrets(?:\/|$)/.test(path)) secrets.refuse();
      } else if (!("folder" in place)) {
        if (place.as === "values") documents++;
        secrets.place(place, layer);
      } else {
        documents++;
        const into = place.as === "machine" ? machines : apps;
        if (isRefused || !addLayer(into, place, file, report)) unread.push([place, layer]);
      }
    },
    tree() {
      for (const [place, file] of unread)
        addUnread(place.as === "machine" ? machines : apps, place, file);
      const read = {
        settings: readable(settings),
        machines,
        apps,
        secrets: secrets.tree(readable),
      };
      return { ...read, shippable, refused, documents };
    },
  };
}

/** What is refused counts for nothing where the same is there in its right form. */
const readable = (files: readonly LayerFile[]): readonly LayerFile[] =>
  files.filter(
    (file) =>
      file.refused !== true ||
      !files.some((other) => other.refused !== true && isOverlay(other) === isOverlay(file)),
  );

const isOverlay = ({ path }: LayerFile): boolean => path.startsWith("environments/");

/** Whether a file could be taken: it has a name, and one place. */
function addLayer(
  into: Map<string, Layers>,
  { name, folder }: DocumentPlace,
  file: LayerFile,
  report: Report,
): boolean {
  const problem = nameProblem(name);
  if (problem !== undefined) {
    report(
      "bad-name",
      startOf(printableLine(file.path)),
      `'${printableLine(name)}' is not a name (a-z, 0-9 and '-', at most 40): ${problem}`,
    );
    return false;
  }
  const known = into.get(name);
  if (known !== undefined && known.folder !== folder) {
    const other = known.files[0]?.path ?? "";
    report(
      "app-declared-twice",
      startOf(file.path),
      `app '${name}' already is ${other}; keep one of the two`,
    );
    return false;
  }
  into.set(name, { name, folder, files: [...(known?.files ?? []), file] });
  return true;
}

/** What a file that cannot be taken describes is there all the same, by its name or by the one that it should have. */
function addUnread(into: Map<string, Layers>, place: DocumentPlace, file: LayerFile): void {
  const isName = nameProblem(place.name) === undefined;
  const name = isName ? place.name : likelyName(place.name);
  if (name === undefined) return;
  const known = into.get(name);
  const refused: LayerFile = { ...file, refused: true };
  if (known === undefined) {
    const guessed = !isName || place.guessed === true;
    into.set(name, {
      name,
      folder: place.folder,
      files: [refused],
      ...(guessed ? { guessed: true } : {}),
    });
  } else if (isName) {
    const files = isOverlay(file) ? [...known.files, refused] : [refused, ...known.files];
    into.set(name, { ...known, files: readable(files) });
  }
}
