import { counted, listed, printableLine } from "../lib/text.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import { painter } from "./style.ts";

/** One line a finding, as editors and `grep` know it, and how many there are. Empty for none. */
export function findingsText(
  findings: readonly Diagnostic[],
  view: { readonly colour?: boolean } = {},
): string {
  if (findings.length === 0) return "";
  const paint = painter(view.colour ?? false);
  const lines = findings.map(({ severity, where, message, code }) => {
    const place = paint("strong", printableLine(`${where.file}:${where.line}:${where.col}:`));
    const kind = severity === "error" ? paint("bad", "error:") : paint("warn", "warning:");
    return `${place} ${kind} ${printableLine(message)} ${paint("dim", `[${printableLine(code)}]`)}`;
  });
  const errors = findings.filter((f) => f.severity === "error").length;
  const warnings = findings.length - errors;
  const counts = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return `${lines.join("\n")}\n${listed(counts)}\n`;
}
