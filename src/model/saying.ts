import { cutAtWord, printableLine, shortRevision } from "../lib/text.ts";
import { formatDiagnostic, type Diagnostic } from "./diagnostic.ts";
import type { AppOutcome, SwitchCounts, Trouble } from "./outcome.ts";
import type { Held } from "./plan.ts";
import type { CertifyStep } from "./certificate-step.ts";

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
      return text.startsWith("needs ") || text.startsWith(keptBack)
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

const keptBack = "held: ";

/** What only time lets through says first until when; the trailer that does, too, is for those who look. */
export const sayKeptBack = ({ text, needs = "" }: Pick<Held, "text" | "needs">): string =>
  `${keptBack}${printableLine(text)}; or ${needs}`;

/** What it takes stands first, where a forge cuts nothing off. */
export const sayHeld = ({ text, needs }: Pick<Held, "text" | "needs">): string =>
  needs === undefined ? printableLine(text) : `needs ${needs}: ${printableLine(text)}`;

export const sayTrouble = (trouble: Trouble): string =>
  `${trouble.machine}: ${trouble.class}: ${printableLine(trouble.text)}`;

/** `certificate for shop.example.com not issued yet: WHY; a self-signed one stands in` */
export const sayNotIssued = (
  { hosts, meanwhile }: CertifyStep & { readonly by: "authority" },
  why: string,
): string =>
  `certificate for ${hosts.join(", ")} not issued yet: ${printableLine(why)}; ${meanwhile}`;

/** The first error, and how many more there are. */
export function sayFindings(findings: readonly Diagnostic[]): string {
  const errors = findings.filter((f) => f.severity === "error");
  const first = errors[0];
  if (first === undefined) return "no findings";
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  return `${cutAtWord(printableLine(formatDiagnostic(first)), 400)}${more}`;
}

/** `1,204 requests served during the switch, none failed; 3 connections drained` */
export function saySwitches(switches: readonly SwitchCounts[]): string {
  const sum = (key: keyof SwitchCounts): number =>
    switches.reduce((total, counts) => total + counts[key], 0);
  const [served, failed, drained, cut] = [sum("served"), sum("failed"), sum("drained"), sum("cut")];
  const requests =
    served + failed === 0
      ? "no request during the switch"
      : `${amount(served, "request")} served during the switch, ${failed === 0 ? "none" : grouped(failed)} failed`;
  const ended = [
    ...(drained > 0 || cut > 0 ? [`${amount(drained, "connection")} drained`] : []),
    ...(cut > 0 ? [`${grouped(cut)} cut`] : []),
  ];
  return [requests, ...(ended.length === 0 ? [] : [ended.join(", ")])].join("; ");
}

const amount = (count: number, noun: string): string =>
  `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

const grouped = (count: number): string => String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
