import type { PullRequest } from "../../forges/forge.ts";
import type { Result } from "../../forges/statuses.ts";
import { formatDiagnostic } from "../../model/diagnostic.ts";
import type { Documents } from "../../model/documents.ts";
import { sayFindings } from "../../model/saying.ts";
import { listed } from "../../lib/text.ts";
import { mergedSnapshot } from "../../pass/merged.ts";
import { loadRevision, openRevision } from "../../pass/revision.ts";
import { reachOf } from "../../pass/reach.ts";
import { shortagesOf } from "../../pass/shortages.ts";
import { redactor } from "../../pass/secrets.ts";
import { boundsOf, readingWithin, withLoginsOf } from "../../pass/within.ts";
import type { World } from "../../pass/world.ts";
import { planMarkdown, refusalMarkdown, type Refusal } from "../../report/markdown.ts";
import { lookFor, planOf } from "../look.ts";
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
  /** It may be another result soon, without a commit. */
  readonly isPassing?: boolean;
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
  pull: Pick<PullRequest, "head" | "mergeRef">,
  commentLimit: number,
): Promise<PlannedPull> {
  const { secrets } = world;
  const apart: World = { ...world, secrets: secrets === "closed" ? secrets : secrets.apart() };
  const { text, markdown, ...planned } = await plannedWithin(apart, branch, pull, commentLimit);
  const redact = redactor(apart);
  return { ...planned, text: redact(text), markdown: redact(markdown) };
}

async function plannedWithin(
  world: World,
  branch: Branch,
  { head, mergeRef }: Pick<PullRequest, "head" | "mergeRef">,
  commentLimit: number,
): Promise<PlannedPull> {
  const { fleet } = branch.documents;
  const view = { fleet, onto: branch.name, limit: commentLimit };
  const refuse = (text: string, refusal: Refusal): PlannedPull => ({
    state: "failure",
    text,
    markdown: refusalMarkdown(refusal, head, view),
  });
  const merged = await mergedSnapshot(world.source, branch.head, head, mergeRef);
  if ("clashes" in merged) {
    const { clashes: lines } = merged;
    const text = `${branch.name} changes the same: ${listed(lines, 3)}; merge it into this branch for a plan`;
    const title = "not planned, since its branch has changed the same";
    const refused = refuse(text, { title, noun: "file", lines });
    // The forge may have been slow to put them together.
    return { ...refused, isPassing: mergeRef !== undefined };
  }
  const { snapshot } = merged;
  const merging: World = {
    ...world,
    source: {
      ...world.source,
      snapshot: async (revision) =>
        revision === head ? snapshot : await world.source.snapshot(revision),
    },
    // Merged it follows the branch, however old its own commits are.
    allowRewind: true,
  };
  const loaded = await loadRevision(merging, head);
  const renamed = loaded.documents?.fleet;
  // Before anything is opened: the keys of another fleet are not this commit's to use.
  if (renamed !== undefined && renamed !== fleet) {
    const text = `renames the fleet ${fleet} to ${renamed}, and no machine is asked for that`;
    return refuse(text, { title: "not planned, it renames the fleet", noun: "", lines: [] });
  }
  const revision = await openRevision(merging, loaded);
  const { documents, findings } = revision;
  if (documents === undefined) {
    const lines = findings.map(formatDiagnostic);
    return refuse(sayFindings(findings), { title: "rejected", noun: "finding", lines });
  }
  const trusted = { ...revision, documents: withLoginsOf(branch.documents, documents) };
  const remote = readingWithin(world.remote, boundsOf(branch.documents, documents));
  const look = await lookFor({ ...merging, remote }, trusted, true, { isTimeless: true });
  const plan = planOf(look);
  return {
    ...verdictOf(plan, branch.standing),
    markdown: planMarkdown(plan, {
      ...view,
      reach: reachOf(look.apps, look.standing.documents),
      shortages: shortagesOf(look),
    }),
  };
}
