import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";

/** What a script says, line by line, up to its `end`. Throws Unreadable for an answer that was cut: `what` has no end. */
export function linesBeforeEnd(answers: Answers, query: RunQuery, what: string): readonly string[] {
  const lines = (answers.text(query) ?? "").trimEnd().split("\n");
  if (lines.pop() !== "end") throw new Unreadable(what);
  return lines;
}
