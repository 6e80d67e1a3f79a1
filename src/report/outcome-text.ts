import { counted, listed, printableLine, printableLines, shortRevision } from "../lib/text.ts";
import type { AppOutcome, Evidence, OutcomeName, RevisionOutcome } from "../model/outcome.ts";
import { saySwitches, sayTrouble } from "../model/saying.ts";
import { type Paint, painter, type Tone } from "./style.ts";
import { table } from "./table.ts";
import { took } from "./units.ts";

export interface OutcomeView {
  readonly colour?: boolean;
}

const marks: Readonly<Record<OutcomeName, readonly [mark: string, tone: Tone]>> = {
  applied: ["✓", "good"],
  reverted: ["✗", "bad"],
  failed: ["✗", "bad"],
  held: ["#", "warn"],
  rejected: ["✗", "bad"],
  incomplete: ["…", "warn"],
  superseded: ["»", "dim"],
};

export const toneOf = (outcome: OutcomeName): Tone => marks[outcome][1];

const most = 50;

/** What became of a revision, with the evidence for what failed. Ends with a line end. */
export function outcomeText(outcome: RevisionOutcome, view: OutcomeView = {}): string {
  const paint = painter(view.colour ?? false);
  const lines = [
    outcomeLine(outcome, paint),
    ...(outcome.findings ?? []).slice(0, most).map((finding) => `  ${printableLine(finding)}`),
    ...appLines(outcome.apps, paint),
    ...outcome.held
      .slice(0, most)
      .map((h) => `  ${paint("warn", "#")} ${printableLine(h.address)}: ${printableLine(h.text)}`),
    ...outcome.troubles
      .slice(0, most)
      .map((t) => `  ${paint("warn", "…")} ${printableLine(sayTrouble(t))}`),
    ...(outcome.notices ?? [])
      .filter((notice) => !outcome.text.includes(notice))
      .slice(0, most)
      .map((notice) => `  ${paint("warn", "!")} ${printableLine(notice)}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** `✓ applied 3f2a1bc0 Raise the memory of shop (4 changes in 12 s): shop live on web-1` */
export function outcomeLine(outcome: RevisionOutcome, paint: Paint): string {
  const [mark, tone] = marks[outcome.outcome];
  const subject = outcome.subject === "" ? "" : ` ${printableLine(outcome.subject)}`;
  const effort = paint(
    "dim",
    `(${counted(outcome.changes, "change")} in ${took(outcome.durationMs)})`,
  );
  const head = `${paint(tone, `${mark} ${outcome.outcome}`)} ${paint("strong", shortRevision(outcome.revision))}${subject} ${effort}`;
  // The findings follow, line by line.
  return outcome.findings === undefined ? `${head}\n  ${printableLine(outcome.text)}` : head;
}

function appLines(apps: readonly AppOutcome[], paint: Paint): readonly string[] {
  const rows = apps.map((app) => {
    const [mark, tone] = marks[app.outcome];
    return [
      `  ${mark}`,
      printableLine(app.family),
      { text: app.outcome, tone },
      printableLine(app.text),
    ];
  });
  const [, ...lines] = table(["", "", "", ""], rows, { paint });
  return apps.flatMap((app, i) => [
    lines[i] ?? "",
    ...(app.evidence ?? []).flatMap((e) => evidenceLines(e, paint)),
    ...sightingLines(app),
  ]);
}

/** Machine by machine, unless the app's own line says it all. */
function sightingLines({ outcome, probes = [], switches = [] }: AppOutcome): readonly string[] {
  const machines = [...new Set([...probes, ...switches].map(({ machine }) => machine))];
  if (outcome === "applied" && machines.length < 2) return [];
  return machines.slice(0, most).map((machine) => {
    const own = switches.filter((s) => s.machine === machine);
    const probe = probes.find((p) => p.machine === machine)?.probe;
    const said = [
      ...(own.length === 0 ? [] : [saySwitches(own)]),
      ...(probe === undefined ? [] : [`last probe: ${printableLine(probe)}`]),
    ];
    return `      ${printableLine(machine)}: ${said.join("; ")}`;
  });
}

export function evidenceLines(evidence: Evidence, paint: Paint): readonly string[] {
  const ended = [
    ...(evidence.outOfMemory === true ? ["out of memory"] : []),
    ...(evidence.exitCode === undefined ? [] : [`exit code ${evidence.exitCode}`]),
    ...(evidence.restarts === undefined || evidence.restarts === 0
      ? []
      : [counted(evidence.restarts, "restart")]),
  ];
  const said = ended.length === 0 ? "" : `: ${listed(ended)}`;
  const tail = (evidence.logTail ?? []).flatMap(printableLines);
  return [
    `      ${printableLine(evidence.machine)} ${printableLine(evidence.container)}${said}`,
    ...(evidence.probe === undefined
      ? []
      : [`        last probe: ${printableLine(evidence.probe)}`]),
    ...tail.slice(-most).map((line) => `        ${paint("dim", `| ${line}`)}`),
  ];
}
