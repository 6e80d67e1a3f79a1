import { isObject, type Json } from "../lib/json.ts";
import type { JsonFile } from "../lib/json-file.ts";
import type { RevisionOutcome } from "../model/outcome.ts";

/** What became of the newest revisions, as this controller saw it. Losing it loses nothing else: notes and machines hold the same. */
export interface Runs {
  /** Durable once it resolves; the oldest go when there are too many. */
  add(outcome: RevisionOutcome): Promise<void>;
  /** Newest first. */
  list(limit?: number): readonly RevisionOutcome[];
  /** The newest outcome of one revision. */
  of(revision: string): RevisionOutcome | undefined;
}

export const maxRunsBytes = 4 * 1024 * 1024;

/** Also says what was wrong with the file, where it was damaged. */
export async function openRuns(
  file: JsonFile,
  limit = 200,
): Promise<{ runs: Runs; warning?: string }> {
  const { value, warning } = await file.read();
  let outcomes: readonly RevisionOutcome[] = outcomesIn(value).slice(0, limit);
  const runs: Runs = {
    add: async (outcome) => {
      outcomes = fitting([outcome, ...outcomes].slice(0, limit));
      await file.write({ version: 1, runs: outcomes as unknown as Json });
    },
    list: (most = limit) => outcomes.slice(0, most),
    of: (revision) => outcomes.find((o) => o.revision === revision),
  };
  return { runs, ...(warning === undefined ? {} : { warning }) };
}

/** As many of the newest as fit into the file; one that is too large by itself goes without its evidence. */
function fitting(outcomes: readonly RevisionOutcome[]): readonly RevisionOutcome[] {
  const kept: RevisionOutcome[] = [];
  let size = 100;
  for (const outcome of outcomes) {
    const bytes = sizeOf(outcome);
    if (size + bytes > maxRunsBytes) {
      if (kept.length === 0) kept.push({ ...outcome, apps: [], held: [], troubles: [] });
      break;
    }
    size += bytes;
    kept.push(outcome);
  }
  return kept;
}

const sizeOf = (outcome: RevisionOutcome): number => Buffer.byteLength(JSON.stringify(outcome)) + 1;

function outcomesIn(stored: Json | undefined): readonly RevisionOutcome[] {
  const runs = isObject(stored) && stored["version"] === 1 ? stored["runs"] : undefined;
  return Array.isArray(runs) ? (runs as readonly unknown[]).filter(isOutcome) : [];
}

/** Written by this program, so its version stands for its shape; what is looked into without asking is asked for here. */
const isOutcome = (value: unknown): value is RevisionOutcome =>
  isObject(value) &&
  value["version"] === 1 &&
  typeof value["revision"] === "string" &&
  typeof value["outcome"] === "string" &&
  ["apps", "held", "troubles"].every((list) => Array.isArray(value[list]));
