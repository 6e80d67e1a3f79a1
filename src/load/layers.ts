import type { Diagnostic } from "../model/diagnostic.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { ParseCache } from "./cache.ts";
import type { Findings } from "./findings.ts";
import { mergeLayers, type OnIdleNull } from "./merge.ts";
import { emptyMap, isNull, mapAt, startOf, unknownAt, type Entry, type Node } from "./node.ts";
import { parseFile, yamlLimit, type ParsedFile } from "./parse.ts";
import { lacks } from "./reading.ts";
import type { DocumentKind } from "./schemas.ts";
import { soundPart, type Checking } from "./sound.ts";
import type { LayerFile, Layers } from "./tree.ts";

const readsAtOnce = 32;

/** How one sort of file is read. */
interface Parsing {
  /** What it is, in a message. */
  readonly what: string;
  readonly parse: (file: string, bytes: Uint8Array) => ParsedFile;
  /** Of bytes. */
  readonly limit: number;
}

const documents: Parsing = { what: "a YAML file", parse: parseFile, limit: yamlLimit };

/** Reads and parses all files of these, unless the cache has them. */
export async function parseAll(
  entries: readonly LayerFile[],
  snapshot: Snapshot,
  cache: ParseCache,
  parsing = documents,
): Promise<ReadonlyMap<string, ParsedFile>> {
  const readable = entries.filter((entry) => entry.refused !== true);
  const files = await mapLimit(readable, readsAtOnce, async (entry) => {
    const known = cache.get(entry.path, entry.blob);
    if (known !== undefined) return [entry.path, known] as const;
    const { file, bytes } = await parseEntry(entry, snapshot, parsing);
    cache.set(entry.path, entry.blob, file, bytes);
    return [entry.path, file] as const;
  });
  return new Map(files);
}

async function parseEntry(
  entry: TreeEntry,
  snapshot: Snapshot,
  { what, parse, limit }: Parsing,
): Promise<{ readonly file: ParsedFile; readonly bytes: number }> {
  try {
    const bytes = await snapshot.read(entry.blob, limit);
    return { file: parse(entry.path, bytes), bytes: bytes.length };
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    const finding: Diagnostic = {
      severity: "error",
      code: "file-too-large",
      where: startOf(entry.path),
      message: `larger than ${limit / 1024} KiB, which is the most that is read of ${what}`,
    };
    return { file: { findings: [finding] }, bytes: 0 };
  }
}

/** What a source throws for a blob past the limit; all else is trouble with the repo, not a finding about it. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && "trouble" in error && error.trouble === "too-large";

/** One document, laid together from what its files hold, as far as that is right. */
export interface Assembled {
  readonly name: string;
  readonly folder: string;
  readonly root: Node;
  /** What was laid together, the lowest first. */
  readonly layers: readonly Node[];
  /** Its file is not called so: that is a guess at the name that it should have. */
  readonly guessed?: true;
}

export interface Assembly extends Checking {
  readonly files: ReadonlyMap<string, ParsedFile>;
}

/** Checks each layer by itself, so that every mistake is found where it stands, and then lays them over each other. */
export function assemble(
  kind: DocumentKind,
  layers: Layers,
  defaults: Node | undefined,
  by: Assembly,
): Assembled {
  const { name, folder, files, guessed } = layers;
  const start = emptyMap(startOf(files[0]?.path ?? ""));
  const laid: Node[] = defaults === undefined ? [] : [defaults];
  let root: Node = defaults === undefined ? start : mergeLayers(start, defaults);
  const reportIdle = idleNullReporter(by.findings);
  for (const entry of files) {
    const parsed = entry.refused === true ? undefined : by.files.get(entry.path);
    by.findings.add(parsed?.findings ?? []);
    const layer =
      parsed?.root === undefined
        ? unknownAt(startOf(entry.path))
        : soundPart(kind, parsed.root, "layer", by);
    const upper = kind === "app" ? withForgotten(root, layer, by.findings) : layer;
    root = mergeLayers(root, upper, (path, entry) => {
      if (kind !== "app" || !isInPart(path)) reportIdle(path, entry);
    });
    laid.push(upper);
  }
  return {
    name,
    folder,
    root,
    layers: laid,
    ...(guessed === true ? { guessed } : {}),
  };
}

/** A service that is null and unsets none was forgotten, and would not run: it is there, and unknown. */
function withForgotten(lower: Node, upper: Node, { report }: Findings): Node {
  const services = mapAt(upper, ["services"]);
  if (upper.kind !== "map" || services === undefined) return upper;
  const entries = [...services.entries].map(([key, entry]): [string, Entry] => {
    if (!isNull(entry.node) || !lacks(lower, ["services", key])) return [key, entry];
    report(
      "empty-value",
      entry.keyAt,
      `service '${key}' is null, which unsets it; write ${key}: {} if nothing differs`,
    );
    return [key, { ...entry, node: unknownAt(entry.keyAt) }];
  });
  const keyAt = upper.entries.get("services")?.keyAt ?? services.at;
  const node = { ...services, entries: new Map(entries) };
  return { ...upper, entries: new Map(upper.entries).set("services", { keyAt, node }) };
}

/** Whether a path leads into a service or a machine: a null there unsets something only once that is laid over the rest. */
const isInPart = ([top, , ...below]: readonly string[]): boolean =>
  (top === "services" || top === "perMachine") && below.length > 0;

/** A null that unsets nothing is mostly a value that was forgotten. */
export const idleNullReporter =
  ({ report }: Findings): OnIdleNull =>
  (path, { keyAt }) => {
    const advice = 'write "" for an empty text, {} for an empty map';
    report(
      "null-unsets-nothing",
      keyAt,
      `'${path.at(-1) ?? ""}' is null, which unsets what stands below, and nothing does; ${advice}`,
    );
  };
