import { printableLine, shortRevision } from "../lib/text.ts";
import type { Address } from "../model/address.ts";
import type { Action, Change } from "../model/change.ts";
import { changesOf, type Plan } from "../model/plan.ts";
import type { CommitInfo } from "../model/snapshot.ts";
import { subjectOf } from "../model/snapshot.ts";
import { agoText } from "./history-text.ts";
import { noticesOf, fieldText, heldLines, reasonText, unknownLines } from "./plan-text.ts";
import { type Paint, painter } from "./style.ts";

export interface WhyView {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The commit that declared it, where that is known. */
  readonly commit?: CommitInfo;
  readonly colour?: boolean;
}

const verbs: Readonly<Record<Action, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  run: "run",
};

/** The cause of each change in a part of a plan. Ends with a line end. */
export function whyText(part: Plan, address: Address, view: WhyView): string {
  const paint = painter(view.colour ?? false);
  const sections = [
    ...changesOf(part).map((change) => causeLines(change, view, paint)),
    heldLines(part.held, paint),
    unknownLines(part, paint),
  ].filter((lines) => lines.length > 0);
  if (sections.length === 0) return `${printableLine(address)}: as declared, nothing to change\n`;
  return sections.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function causeLines(change: Change, { commit, now }: WhyView, paint: Paint): readonly string[] {
  const said = commit === undefined ? [] : [`  commit   ${commitText(commit, now)}`];
  return [
    `${paint("strong", printableLine(change.address))} is to be ${verbs[change.action]}`,
    `  because  ${reasonText(change.reason, paint)} ${paint("dim", `[${printableLine(change.reason.code)}]`)}`,
    ...said,
    ...change.fields.map((field) => `  field    ${fieldText(field)}`),
    ...noticesOf(change).map((notice) => `  notice   ${paint("warn", notice)}`),
  ];
}

function commitText(commit: CommitInfo, now: number): string {
  const when = agoText(new Date(commit.committedMs).toISOString(), now);
  return `${shortRevision(commit.revision)} ${printableLine(subjectOf(commit))}, by ${printableLine(commit.author)}, ${when}`;
}
