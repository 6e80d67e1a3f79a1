import { counted, cutAtWord, printableLine } from "../lib/text.ts";
import type { Plan } from "../model/plan.ts";
import type { Reach } from "../model/reach.ts";
import type { Shortage } from "../model/shortage.ts";
import { countsOf, countsText, groupsOf } from "./plan-groups.ts";
import { groupLines, heldLines, reachLines, shortageLines, unknownLines } from "./plan-text.ts";
import { plainly } from "./style.ts";

/** All forges take so much. */
const usualLimit = 60_000;

export interface MarkdownOptions {
  readonly fleet: string;
  readonly reach?: readonly Reach[];
  readonly shortages?: readonly Shortage[];
  readonly workingTree?: boolean;
  /** The branch that it is merged into for the plan. */
  readonly onto?: string;
  /** In UTF-16 units; default 60,000. */
  readonly limit?: number;
}

/** By which the one comment on a pull request is found again. Fleets' names are of [a-z0-9-]. */
export const planMarker = (fleet: string): string =>
  `<!-- slipway plan ${fleet.replaceAll(/[^a-z0-9-]/g, "")} -->`;

/**
 * A plan as a comment. All that comes from the repo or a machine stands in code blocks whose fences it cannot close, so
 * that nobody is mentioned, nothing linked and no HTML made by it. What does not fit is counted.
 */
export function planMarkdown(plan: Plan, options: MarkdownOptions): string {
  const limit = options.limit ?? usualLimit;
  const counts = countsText(countsOf(plan));
  const head = headOf(counts, plan.revision, options);
  const groups = groupsOf(plan).map((group) => groupLines(group, plainly));
  const apart = [
    heldLines(plan.held, plainly),
    unknownLines(plan, plainly),
    shortageLines(options.shortages ?? [], plainly),
    reachLines(options.reach ?? [], plainly),
  ];
  // What asks for a decision comes before what is merely done.
  const blocks = [...apart, ...groups].filter((lines) => lines.length > 0).map(block);
  const reserve = 100;
  let text = head;
  for (const [i, one] of blocks.entries()) {
    if (text.length + one.length + reserve > limit) {
      const room = limit - text.length - reserve;
      if (room > 2000) text += shortened(one, room);
      return `${text}\n…and ${counted(blocks.length - i, "part")} more, in full by \`slipway plan\`.\n`;
    }
    text += one;
  }
  return text;
}

/** Why a commit is not planned: one line of ours each, and what has to be put right. */
export interface Refusal {
  readonly title: string;
  /** What `lines` are: `finding`. */
  readonly noun: string;
  readonly lines: readonly string[];
}

/** A commit that cannot be planned, as a comment, with all that has to be put right. */
export function refusalMarkdown(
  { title, noun, lines }: Refusal,
  revision: string,
  options: Omit<MarkdownOptions, "reach" | "shortages">,
): string {
  const head = headOf(title, revision, options);
  if (lines.length === 0) return head;
  const whole = block([counted(lines.length, noun), ...lines.map(printableLine)]);
  const room = (options.limit ?? usualLimit) - head.length;
  return `${head}${whole.length > room ? shortened(whole, room) : whole}`;
}

/** `title` is ours. */
function headOf(
  title: string,
  revision: string,
  { fleet, workingTree, onto }: Omit<MarkdownOptions, "reach" | "shortages">,
): string {
  const on = workingTree === true ? "the working tree on " : "";
  const merged =
    onto === undefined ? "" : `, as merged into \`${onto.replaceAll(/[^\w./-]/g, "-")}\``;
  return `${planMarker(fleet)}\n### Slipway: ${title}\n\nFor ${on}${revision.replaceAll(/[^0-9a-f]/g, "")}${merged}.\n`;
}

function block(lines: readonly string[]): string {
  const body = lines.slice(1).join("\n");
  const fence = fenceAround(body);
  return `\n<details open><summary>${plainName(lines[0] ?? "")}</summary>\n\n${fence}text\n${body}\n${fence}\n\n</details>\n`;
}

/** A block that is cut keeps its frame. */
function shortened(whole: string, room: number): string {
  const [, open = "", fence = "", body = ""] =
    /^([\s\S]*?\n)(`{3,})text\n([\s\S]*)\n\2\n\n<\/details>\n$/.exec(whole) ?? [];
  const kept = cutAtWord(body, room - open.length - 2 * fence.length - 40);
  return `${open}${fence}text\n${kept.slice(0, Math.max(0, kept.lastIndexOf("\n")))}\n…\n${fence}\n\n</details>\n`;
}

/** One backtick more than any run of them inside. */
function fenceAround(body: string): string {
  const longest = Math.max(2, ...(body.match(/`+/g) ?? []).map((run) => run.length));
  return "`".repeat(longest + 1);
}

/** Forges link and mention by what they render, so that escaping would not do; names are of [a-z0-9-]. */
const plainName = (text: string): string => text.replaceAll(/[^a-z0-9 -]/g, "-");
