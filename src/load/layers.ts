import type { Diagnostic, Where } from "../model/diagnostic.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { ParseCache } from "./cache.ts";
import { explainErrors } from "./explain.ts";
import type { Findings, Report } from "./findings.ts";
import { mergeMaps, withoutNulls, type OnIdleNull } from "./merge.ts";
import { emptyMap, startOf, type MapNode } from "./node.ts";
import { parseFile, yamlLimit, type ParsedFile } from "./parse.ts";
import { plainOf } from "./plain.ts";
import type { DocumentKind } from "./schemas.ts";
import type { Validators } from "./validators.ts";
import type { Layers } from "./tree.ts";

const readsAtOnce = 32;

/** Reads and parses all files of these, unless the cache has them. */
export async function parseAll(
  entries: readonly TreeEntry[],
  snapshot: Snapshot,
  cache: ParseCache,
): Promise<ReadonlyMap<string, ParsedFile>> {
  const files = await mapLimit(entries, readsAtOnce, async (entry) => {
    const known = cache.get(entry.path, entry.blob);
    if (known !== undefined) return [entry.path, known] as const;
    const file = await parseEntry(entry, snapshot);
    cache.set(entry.path, entry.blob, file);
    return [entry.path, file] as const;
  });
  return new Map(files);
}

async function parseEntry(entry: TreeEntry, snapshot: Snapshot): Promise<ParsedFile> {
  try {
    return parseFile(entry.path, await snapshot.read(entry.blob, yamlLimit));
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    const finding: Diagnostic = {
      severity: "error",
      code: "file-too-large",
      where: startOf(entry.path),
      message: `larger than ${yamlLimit / 1024} KiB, which is the most that is read of a YAML file`,
    };
    return { findings: [finding] };
  }
}

/** What a source throws for a blob past the limit; all else is trouble with the repo, not a finding about it. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && "trouble" in error && error.trouble === "too-large";

/** One document, laid together from its files; undefined where one of them is not right, with findings. */
export interface Assembled {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly root: MapNode | undefined;
}

export interface Assembly {
  readonly files: ReadonlyMap<string, ParsedFile>;
  readonly validators: Validators;
  readonly findings: Findings;
}

/** Checks each layer by itself, so that every mistake is found where it stands, and then lays them over each other. */
export function assemble(
  kind: DocumentKind,
  layers: Layers,
  defaults: MapNode | undefined,
  by: Assembly,
): Assembled {
  const file = layers.files[0]?.path ?? "";
  const about = { name: layers.name, folder: layers.folder, file };
  let merged = emptyMap(startOf(file));
  if (defaults !== undefined) merged = mergeMaps(merged, defaults);
  let whole = true;
  for (const entry of layers.files) {
    const parsed = by.files.get(entry.path);
    by.findings.add(parsed?.findings ?? []);
    if (parsed?.root === undefined || !check(kind, withoutNulls(parsed.root), true, by)) {
      whole = false;
      continue;
    }
    merged = mergeMaps(merged, parsed.root, idleNullReporter(by.findings));
  }
  return { ...about, root: whole ? merged : undefined };
}

/** A null that unsets nothing is mostly a value that was forgotten; a forgotten service would not run. */
export const idleNullReporter =
  (findings: Findings): OnIdleNull =>
  (path, { keyAt }) => {
    const key = path.at(-1) ?? "";
    if (path.length === 2 && path[0] === "services") {
      findings.report(
        "empty-value",
        keyAt,
        `service '${key}' is null, which unsets it; write ${key}: {} if nothing differs`,
      );
    } else {
      const advice = 'write "" for an empty text, {} for an empty map';
      findings.report(
        "null-unsets-nothing",
        keyAt,
        `'${key}' is null, which unsets what stands below, and nothing does; ${advice}`,
      );
    }
  };

/** Whether a map is what its kind must be; findings where it is not. A partial one may lack keys. */
export function check(
  kind: DocumentKind,
  root: MapNode,
  partial: boolean,
  { validators, findings }: Omit<Assembly, "files">,
): boolean {
  const validator = validators.of(kind);
  const told = new Set<Where>();
  let right = true;
  const report: Report = (code, where, message) => {
    right = false;
    // One mistake is said once: a number with a leading zero is mostly of the wrong type as well.
    if (told.has(where)) return;
    findings.report(code, where, message);
  };
  const data = plainOf(root, validator.textPaths, (code, where, message) => {
    report(code, where, message);
    told.add(where);
  });
  const errors = validator.check(data);
  if (errors.length > 0)
    explainErrors(errors, { kind, root, schemas: validators.schemas, partial, report });
  return right;
}
