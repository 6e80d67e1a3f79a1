/** A place in the infra repo. Lines and columns start at 1. */
export interface Where {
  readonly file: string;
  readonly line: number;
  readonly col: number;
}

/** A finding about the repo. Findings are collected, never thrown. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** Stable, kebab-case; docs/findings.md lists all of them. */
  readonly code: string;
  readonly where: Where;
  /** One line, without the place: "unknown key 'imagee' (did you mean 'image'?)". */
  readonly message: string;
}

export const hasErrors = (findings: readonly Diagnostic[]): boolean =>
  findings.some((f) => f.severity === "error");

export function formatDiagnostic(finding: Diagnostic): string {
  const { file, line, col } = finding.where;
  const mark = finding.severity === "warning" ? "warning: " : "";
  return `${file}:${line}:${col}: ${mark}${finding.message}`;
}
