import type { Diagnostic, Where } from "../model/diagnostic.ts";
import { findingCodes, type FindingCode } from "./codes.ts";

/** How many findings are shown; and how many are worked out before the rest is only counted. */
const shownLimit = 200;
const keptLimit = 2_000;

/** Takes one finding. The message may be worked out only when it will be shown. */
export type Report = (code: FindingCode, where: Where, message: string | (() => string)) => void;

/** Collects findings: equal ones once, all in a stable order, a bounded number of them. */
export interface Findings {
  readonly report: Report;
  /** Takes findings that were made before, as a file's from the cache. */
  add(findings: readonly Diagnostic[]): void;
  hasErrors(): boolean;
  /** In order, at most 200: the last one then says how many more there are. */
  shown(): readonly Diagnostic[];
  /** In order, as many as were worked out. */
  all(): readonly Diagnostic[];
}

export function collectFindings(): Findings {
  const kept = new Map<string, Diagnostic>();
  let dropped = 0;
  let errors = false;
  const take = (code: FindingCode, where: Where, message: string | (() => string)): void => {
    errors ||= findingCodes[code] === "error";
    if (kept.size >= keptLimit) {
      dropped++;
      return;
    }
    const text = typeof message === "string" ? message : message();
    const finding: Diagnostic = { severity: findingCodes[code], code, where, message: text };
    kept.set(`${where.file}\n${where.line}:${where.col} ${code} ${text}`, finding);
  };
  return {
    report: take,
    add: (findings) => {
      for (const { code, where, message } of findings) take(code as FindingCode, where, message);
    },
    hasErrors: () => errors,
    shown: () => limited([...kept.values()].toSorted(inOrder), dropped),
    all: () => [...kept.values()].toSorted(inOrder),
  };
}

const inOrder = (a: Diagnostic, b: Diagnostic): number =>
  compare(a.where.file, b.where.file) ||
  a.where.line - b.where.line ||
  a.where.col - b.where.col ||
  compare(a.code, b.code) ||
  compare(a.message, b.message);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Errors stay before warnings where not all can. */
function limited(findings: readonly Diagnostic[], dropped: number): readonly Diagnostic[] {
  if (findings.length + dropped <= shownLimit) return findings;
  const bySeverity = findings.toSorted(
    (a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"),
  );
  const shown = bySeverity.slice(0, shownLimit).toSorted(inOrder);
  const more = findings.length + dropped - shown.length;
  const code = "too-many-findings";
  const where: Where = shown.at(-1)?.where ?? { file: "slipway.yaml", line: 1, col: 1 };
  return [
    ...shown,
    { severity: findingCodes[code], code, where, message: `and ${more} more findings` },
  ];
}
