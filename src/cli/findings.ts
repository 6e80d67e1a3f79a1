import { sayFindings } from "../model/saying.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import { findingsText } from "../report/findings-text.ts";
import { findingsDocument, jsonText } from "../report/json.ts";
import type { Context } from "./command.ts";
import { exit } from "./exit.ts";
import { errorDocument, UserError } from "./trouble.ts";

/** Findings as the result of a command. */
export function showFindings({ io, options }: Context, findings: readonly Diagnostic[]): void {
  if (options.json) return io.out.write(jsonText(findingsDocument(findings)));
  const text = findingsText(findings, { colour: options.color.out });
  io.out.write(text === "" ? "no findings\n" : text);
}

/** Findings where they stand in a command's way: gives its exit code. */
export function showRejected(context: Context, findings: readonly Diagnostic[]): number {
  const { io, options } = context;
  const error = new UserError("rejected", sayFindings(findings), { findings });
  if (options.json) io.out.write(jsonText(errorDocument(error)));
  else showFindings(context, findings);
  return exit.trouble;
}
