import { cutAtWord, printableLine, shortRevision } from "../lib/text.ts";
import { formatDiagnostic, type Diagnostic } from "./diagnostic.ts";
import type { AppOutcome, Trouble } from "./outcome.ts";
import type { Held } from "./plan.ts";

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
      if (stillAt === undefined) return text;
      return text.startsWith("needs ")
        ? `${stillAt}, ${text}`
        : `${stillAt}, needs ${retryOf(app.family)}: ${text}`;
    case "applied":
    case "incomplete":
    case "rejected":
    case "superseded":
      return text;
  }
}

/** What lets a family be tried again that failed, short enough for a commit status. */
export const retryOf = (family: string): string => `Slipway-Retry: app/${family} or a change`;

/** What it takes stands first, where a forge cuts nothing off. */
export const sayHeld = ({ text, needs }: Pick<Held, "text" | "needs">): string =>
  needs === undefined ? printableLine(text) : `needs ${needs}: ${printableLine(text)}`;

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
