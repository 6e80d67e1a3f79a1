import type { Diagnostic, Where } from "../model/diagnostic.ts";
import { findingCodes, type FindingCode } from "./codes.ts";

/** How many findings are shown; and how many are kept before the rest is only counted. */
export const shownLimit = 200;
const keptLimit = 2_000;

/**
 * Takes one finding. The message may be worked out only when it will be shown: then it follows from the code and from
 * what is written at the place, and is taken once for both.
 */
export type Report = (code: FindingCode, where: Where, message: Message) => void;
type Message = string | (() => string);

export interface Shown {
  /** In order, at most 200: the last one then says how many more there are. */
  readonly findings: readonly Diagnostic[];
  readonly omitted: number;
}

/** Collects findings: equal ones once, all in a stable order, a bounded number of them. */
export interface Findings {
  readonly report: Report;
  /** Takes findings that were made before, as a file's from the cache. */
  add(findings: readonly Diagnostic[]): void;
  hasErrors(): boolean;
  shown(): Shown;
  /** In order, as many as were kept. */
  all(): readonly Diagnostic[];
}

/** What one code says of one place: mostly one thing. */
interface Kept {
  readonly code: FindingCode;
  readonly where: Where;
  readonly messages: Message[];
}

export function collectFindings(): Findings {
  const kept = new Map<string, Kept>();
  let size = 0;
  let dropped = 0;
  let errors = false;
  const take: Report = (code, where, message) => {
    errors ||= findingCodes[code] === "error";
    const key = `${where.file}\n${where.line}:${where.col} ${code}`;
    const same = kept.get(key);
    if (same?.messages.some((one) => isSame(one, message)) === true) return;
    if (size >= keptLimit) {
      dropped++;
      return;
    }
    size++;
    if (same === undefined) kept.set(key, { code, where, messages: [message] });
    else same.messages.push(message);
  };
  return {
    report: take,
    add: (findings) => {
      for (const { code, where, message } of findings) take(code as FindingCode, where, message);
    },
    hasErrors: () => errors,
    shown: () => limited([...kept.values()], dropped),
    all: () => [...kept.values()].flatMap(diagnosticsOf).toSorted(inOrder),
  };
}

const isSame = (one: Message, other: Message): boolean =>
  one === other || (typeof one === "function" && typeof other === "function");

const diagnosticsOf = ({ code, where, messages }: Kept): readonly Diagnostic[] => {
  const texts = messages.map((message) => (typeof message === "string" ? message : message()));
  return [...new Set(texts)].map((message) => ({
    severity: findingCodes[code],
    code,
    where,
    message,
  }));
};

/** Errors stay before warnings where not all can. Messages are worked out for what is shown. */
function limited(kept: readonly Kept[], dropped: number): Shown {
  const inTurn = kept.toSorted((a, b) => bySeverity(a, b) || inPlace(a, b));
  const findings: Diagnostic[] = [];
  let omitted = dropped;
  for (const one of inTurn) {
    if (findings.length < shownLimit) findings.push(...diagnosticsOf(one));
    else omitted += one.messages.length;
  }
  omitted += Math.max(0, findings.length - shownLimit);
  return withCount(findings.slice(0, shownLimit).toSorted(inOrder), omitted, "");
}

export const tooMany = "too-many-findings";

export function withCount(findings: readonly Diagnostic[], omitted: number, about: string): Shown {
  if (omitted === 0) return { findings, omitted };
  const where: Where = findings.at(-1)?.where ?? { file: "slipway.yaml", line: 1, col: 1 };
  const message = `and ${about}${omitted} more findings`;
  const last: Diagnostic = { severity: findingCodes[tooMany], code: tooMany, where, message };
  return { findings: [...findings, last], omitted };
}

export const bySeverity = (a: { readonly code: string }, b: { readonly code: string }): number =>
  Number(isWarning(a)) - Number(isWarning(b));

const isWarning = ({ code }: { readonly code: string }): boolean =>
  findingCodes[code as FindingCode] === "warning";

interface Placed {
  readonly code: string;
  readonly where: Where;
}

const inPlace = (a: Placed, b: Placed): number =>
  compare(a.where.file, b.where.file) ||
  a.where.line - b.where.line ||
  a.where.col - b.where.col ||
  compare(a.code, b.code);

export const inOrder = (a: Diagnostic, b: Diagnostic): number =>
  inPlace(a, b) || compare(a.message, b.message);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
