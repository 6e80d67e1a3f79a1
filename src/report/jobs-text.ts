import { printableLine } from "../lib/text.ts";
import type { JobStatus } from "../model/status.ts";
import { painter, type Paint } from "./style.ts";
import { table, type Cell } from "./table.ts";
import type { StatusView } from "./status-text.ts";
import { age } from "./units.ts";

/** Jobs, how they went last and when they run next. Ends with a line end. */
export function jobsText(jobs: readonly JobStatus[], view: StatusView): string {
  const lines = jobLines(jobs, painter(view.colour ?? false), view);
  return lines.length === 0 ? "no jobs\n" : `${lines.join("\n")}\n`;
}

/** A table, then the last lines of those that ended badly. */
export function jobLines(
  jobs: readonly JobStatus[],
  paint: Paint,
  { now, columns }: StatusView,
): readonly string[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map((one) => [
    printableLine(one.app),
    printableLine(one.job),
    printableLine(one.machine),
    lastCell(one),
    agoText(one.last?.endedAt ?? one.last?.startedAt, now),
    nextText(one.next, now),
    printableLine(`${one.schedule} ${one.timezone}`),
  ]);
  const heads = ["APP", "JOB", "MACHINE", "LAST", "SINCE", "NEXT", "SCHEDULE"];
  const said = jobs.flatMap(({ app, job, machine, last }) =>
    (last?.lines ?? []).map(
      (line) =>
        `${paint("bad", "✗")} ${printableLine(`${app} ${job} on ${machine}`)}: ${paint("dim", printableLine(line))}`,
    ),
  );
  return [...table(heads, rows, { paint, ...(columns === undefined ? {} : { columns }) }), ...said];
}

function lastCell({ running, last }: JobStatus): Cell {
  if (running === true) return { text: "running", tone: "good" };
  if (last === undefined) return { text: "not run yet" };
  if (last.late === true) return { text: "too late", tone: "bad" };
  const { exitCode = 0 } = last;
  return exitCode === 0
    ? { text: "exit code 0", tone: "good" }
    : { text: `exit code ${exitCode}`, tone: "bad" };
}

function agoText(at: string | undefined, now: number): string {
  const ms = Date.parse(at ?? "");
  return Number.isNaN(ms) ? "" : age(Math.max(0, now - ms));
}

function nextText(at: string | undefined, now: number): Cell {
  const ms = Date.parse(at ?? "");
  return Number.isNaN(ms) ? { text: "never", tone: "warn" } : { text: `in ${age(ms - now)}` };
}
