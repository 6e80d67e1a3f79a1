import type { Result } from "../../forges/statuses.ts";
import { formatDiagnostic } from "../../model/diagnostic.ts";
import type { Documents } from "../../model/documents.ts";
import { sayFindings } from "../../model/saying.ts";
import { listed } from "../../lib/text.ts";
import { mergedSnapshot } from "../../pass/merged.ts";
import { readRevision } from "../../pass/revision.ts";
import { boundsOf, readingWithin } from "../../pass/within.ts";
import type { World } from "../../pass/world.ts";
import { planMarkdown, rejectedMarkdown } from "../../report/markdown.ts";
import { lookFor, planOf } from "../look.ts";
import { reachOf } from "../reach.ts";
import { verdictOf } from "./verdict.ts";

/** The branch that pull requests are to be merged into. */
export interface Branch {
  readonly name: string;
  readonly head: string;
  /** Of its head, or of the newest revision that is not rejected: what may be asked. */
  readonly documents: Documents;
  /** What is held there already, by `standingKey`. */
  readonly standing: ReadonlySet<string>;
}

export interface PlannedPull extends Result {
  /** The comment. */
  readonly markdown: string;
}

/**
 * Plans a commit as it would be once it is merged. Reads only, and asks only what the branch itself names, whatever
 * the commit says. Throws SourceError.
 */
export async function planPull(
  world: World,
  branch: Branch,
  head: string,
  commentLimit: number,
): Promise<PlannedPull> {
  const { fleet } = branch.documents;
  const view = { fleet, onto: branch.name, limit: Math.min(commentLimit, longestComment) };
  const refuse = (title: string, text: string, lines: readonly string[]): PlannedPull => ({
    state: "failure",
    text,
    markdown: rejectedMarkdown(title, lines, head, view),
  });
  const merged = await mergedSnapshot(world.source, branch.head, head);
  if ("clashes" in merged) {
    const text = `${branch.name} changes the same: ${listed(merged.clashes, 3)}; merge it into this branch for a plan`;
    return refuse("not planned, the branch has to be brought up to date", text, [
      ...merged.clashes.map((path) => `${path}: changed on ${branch.name} too`),
    ]);
  }
  const { snapshot } = merged;
  const bounded: World = {
    ...world,
    source: {
      ...world.source,
      snapshot: async (revision) =>
        revision === head ? snapshot : await world.source.snapshot(revision),
    },
    remote: readingWithin(world.remote, boundsOf(branch.documents)),
    // Merged it follows the branch, however old its own commits are.
    allowRewind: true,
  };
  const revision = await readRevision(bounded, head);
  const { documents, findings } = revision;
  if (documents === undefined)
    return refuse("rejected", sayFindings(findings), findings.map(formatDiagnostic));
  if (documents.fleet !== fleet) {
    const text = `renames the fleet ${fleet} to ${documents.fleet}: nothing is asked for that`;
    return refuse("not planned, it renames the fleet", text, []);
  }
  const look = await lookFor(bounded, revision, true);
  const plan = planOf(look);
  return {
    ...verdictOf(plan, branch.standing),
    markdown: planMarkdown(plan, { ...view, reach: reachOf(look.apps, documents) }),
  };
}

const longestComment = 60_000;
