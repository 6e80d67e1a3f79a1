import { stripVTControlCharacters } from "node:util";

/** How a stage ended. */
export interface Stage {
  readonly name: string;
  readonly verdict: "ok" | "FAILED" | "not run";
  readonly seconds?: number;
  readonly why?: string;
  /** What node:test says at the end: `tests 12`, `pass 12`, … */
  readonly closing?: readonly string[];
}

/** The totals that node:test prints last, without their mark. */
export function closingLines(output: string): readonly string[] {
  const totals = /^\S (?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;
  const lines = stripVTControlCharacters(output).split("\n");
  const last = lines.findLastIndex((line) => totals.test(line));
  const first = lines.slice(0, last + 1).findLastIndex((line) => !totals.test(line)) + 1;
  return lines.slice(first, last + 1);
}

/** The totals of several runs as one would print them; of durations the sum as well. */
export function sumOf(outputs: readonly string[]): string {
  const totals = new Map<string, number>();
  for (const line of outputs.flatMap(closingLines)) {
    const [, what = "", count = ""] = /^(\S \S+) ([\d.]+)$/.exec(line) ?? [];
    totals.set(what, (totals.get(what) ?? 0) + Number(count));
  }
  return ["", ...[...totals].map(([what, count]) => `${what} ${count}`), ""].join("\n");
}

export function sayStages(stages: readonly Stage[]): string {
  const lines = stages.map(({ name, verdict, seconds, why }) => {
    const took = seconds === undefined ? "" : `${seconds.toFixed(1)} s`;
    return `  ${name.padEnd(10)}${verdict.padEnd(9)}${took.padStart(8)}${why === undefined ? "" : `  ${why}`}`;
  });
  const closings = stages.flatMap(({ name, closing = [] }) =>
    closing.length === 0 ? [] : ["", `${name}:`, ...closing],
  );
  return [...lines, ...closings].join("\n");
}
