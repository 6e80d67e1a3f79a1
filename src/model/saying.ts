import { cutAtWord, printableLine, shortRevision } from "../lib/text.ts";
import { formatDiagnostic, type Diagnostic } from "./diagnostic.ts";
import type { AppOutcome, Trouble } from "./outcome.ts";

/** One line on one app, as statuses, summaries and histories say it: an app that fell back names what still runs. */
export function sayApp(app: AppOutcome): string {
  const text = printableLine(app.text);
  if (text.startsWith(`app/${app.family} `)) return text;
  const stillAt =
    app.good === undefined ? undefined : `app/${app.family} still at ${shortRevision(app.good)}`;
  switch (app.outcome) {
    case "reverted":
      return stillAt === undefined ? `app/${app.family} went back: ${text}` : `${stillAt}: ${text}`;
    case "failed":
      return `app/${app.family} failed: ${text}`;
    case "held":
      return stillAt === undefined ? text : `${stillAt}: ${text}`;
    case "applied":
    case "incomplete":
    case "rejected":
    case "superseded":
      return text;
  }
}

export const sayTrouble = (trouble: Trouble): string =>
  `${trouble.machine}: ${trouble.class}: ${printableLine(trouble.text)}`;

/** The first error, and how many more there are. */
export function sayFindings(findings: readonly Diagnostic[]): string {
  const errors = findings.filter((f) => f.severity === "error");
  const first = errors[0];
  if (first === undefined) return "no findings";
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  return `${cutAtWord(printableLine(formatDiagnostic(first)), 400)}${more}`;
}
