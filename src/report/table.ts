import { columnsOf, cutToColumns } from "../lib/text.ts";
import { type Paint, plainly, type Tone } from "./style.ts";

/** Text without styles or line ends; the tone is put on after measuring. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface TableOptions {
  readonly paint?: Paint;
  /** Of the terminal: the widest columns are cut until the table fits; without it nothing is cut. */
  readonly columns?: number;
}

const gap = "  ";
const narrowest = 8;

/** One line for the heads and one for each row. Columns that are empty in every row are left out. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly (Cell | string)[])[],
  { paint = plainly, columns = Infinity }: TableOptions = {},
): readonly string[] {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === "string" ? { text: cell } : cell)),
  );
  const shown = heads
    .map((_, i) => i)
    .filter((i) => cells.some((row) => (row[i]?.text ?? "") !== ""));
  const head = heads.map((text): Cell => ({ text, tone: "dim" }));
  const all = [head, ...cells].map((row) => shown.map((i): Cell => row[i] ?? { text: "" }));
  const widths = fitted(
    shown.map((_, i) => Math.max(...all.map((row) => columnsOf(row[i]?.text ?? "")))),
    columns,
  );
  return all.map((row) => {
    const last = row.findLastIndex((cell) => cell.text !== "");
    return row
      .slice(0, last + 1)
      .map((cell, i) => {
        const text = cutToColumns(cell.text, widths[i] ?? 0);
        const painted = cell.tone === undefined ? text : paint(cell.tone, text);
        return i === last ? painted : painted + " ".repeat((widths[i] ?? 0) - columnsOf(text));
      })
      .join(gap);
  });
}

/** Takes from the widest column until all fit, but leaves each enough to be recognised by. */
function fitted(wanted: readonly number[], columns: number): readonly number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, w) => sum + w, gap.length * (widths.length - 1)) - columns;
  for (; excess > 0; excess--) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}
