import type { Diagnostic } from "../model/diagnostic.ts";
import { findingsText } from "../report/findings-text.ts";
import { findingsDocument, jsonText } from "../report/json.ts";
import type { Context } from "./command.ts";

/** Findings as the result of a command. */
export function showFindings({ io, options }: Context, findings: readonly Diagnostic[]): void {
  if (options.json) return io.out.write(jsonText(findingsDocument(findings)));
  const text = findingsText(findings, { colour: options.color.out });
  io.out.write(text === "" ? "no findings\n" : text);
}
