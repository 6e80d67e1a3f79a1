import type { Row } from "./row.ts";

const columns = ["what", "measured", "against", "ratio", "goal"] as const;

type Cells = readonly [string, string, string, string, string];

const cellsOf = ({ what, value, unit, note, against, goal }: Row): Cells => [
  note === undefined ? what : `${what} (${note})`,
  amount(value, unit),
  against === undefined ? "" : `${against.what}: ${amount(against.value, unit)}`,
  against === undefined ? "" : ratio(value / against.value),
  goal === undefined ? "" : `at most ${against === undefined ? amount(goal, unit) : ratio(goal)}`,
];

/** For people at a terminal. */
export function tableText(rows: readonly Row[]): string {
  const lines = [columns, ...rows.map(cellsOf)];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function tableMarkdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(cellsOf(row))),
  ].join("\n");
}

export const isMet = ({ value, against, goal }: Row): boolean =>
  goal === undefined || (against === undefined ? value : value / against.value) <= goal;

const amount = (value: number, unit: Row["unit"]): string =>
  unit === "times"
    ? `${value}`
    : unit === "MiB"
      ? `${value.toFixed(0)} MiB`
      : value < 10_000
        ? `${value.toFixed(0)} ms`
        : `${(value / 1_000).toFixed(1)} s`;

/** A ratio as people say it: 1.18, or 1/52. */
const ratio = (value: number): string =>
  value < 0.2 ? `1/${Math.round(1 / value)}` : value.toFixed(2);
