import { printableLine, shortRevision } from "../lib/text.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { toneOf } from "./outcome-text.ts";
import { painter } from "./style.ts";
import { table } from "./table.ts";
import { age, took } from "./units.ts";

export interface HistoryView {
  /** Milliseconds since 1970: what ages are counted from. */
  readonly now: number;
  readonly colour?: boolean;
  /** Of the terminal. */
  readonly columns?: number;
}

/** One line a pass, newest first, and below what was not applied why. Ends with a line end. */
export function historyText(outcomes: readonly RevisionOutcome[], view: HistoryView): string {
  const paint = painter(view.colour ?? false);
  if (outcomes.length === 0) return "no revision has been applied yet\n";
  const rows = outcomes.map((o) => [
    shortRevision(o.revision),
    { text: o.outcome, tone: toneOf(o.outcome) },
    agoText(o.startedAt, view.now),
    took(o.durationMs),
    String(o.changes),
    o.cause === "commit" ? "" : o.cause,
    printableLine(o.subject),
  ]);
  const heads = ["REVISION", "OUTCOME", "WHEN", "TOOK", "CHANGES", "CAUSE", "SUBJECT"];
  const options = { paint, ...(view.columns === undefined ? {} : { columns: view.columns }) };
  const [head = "", ...lines] = table(heads, rows, options);
  const told = outcomes.flatMap((o, i) => [
    lines[i] ?? "",
    ...(o.outcome === "applied" ? [] : [`          ${paint("dim", printableLine(o.text))}`]),
  ]);
  return `${[head, ...told].join("\n")}\n`;
}

/** `5 min ago` */
export function agoText(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const text = age(Math.max(0, now - at));
  return text === "just now" ? text : `${text} ago`;
}
