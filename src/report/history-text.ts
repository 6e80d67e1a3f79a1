import { printableLine, shortRevision } from "../lib/text.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { saySwitches } from "../model/saying.ts";
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

/** One line a pass, newest first, and below it what there is to say. Ends with a line end. */
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
    ...belowOf(o).map((line) => `          ${paint("dim", printableLine(line))}`),
  ]);
  return `${[head, ...told].join("\n")}\n`;
}

/** Why it was not applied; else what users noticed of it. */
function belowOf({ outcome, text, apps }: RevisionOutcome): readonly string[] {
  if (outcome !== "applied") return [text];
  const switches = apps.flatMap((app) => app.switches ?? []);
  return switches.length === 0 ? [] : [saySwitches(switches)];
}

/** `5 min ago` */
export function agoText(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const text = age(Math.max(0, now - at));
  return text === "just now" ? text : `${text} ago`;
}
