import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import { fortuneOf, isLeavingHeld, templateOf, whyNotAs } from "./expected.ts";
import type { History } from "./history.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { Broken } from "./watchman.ts";

const sad: readonly string[] = ["failed", "reverted"];

/** What a pass says, held against what is there. Throws Broken. */
export function checkOutcome(
  stage: Stage,
  scenario: Scenario,
  history: History,
  outcome: RevisionOutcome,
  isCrowded: boolean,
): void {
  const { apps } = history.find(outcome.revision);
  for (const said of outcome.apps) {
    const state = apps[said.family];
    if (state === undefined) continue;
    const fortune = fortuneOf(state, templateOf(scenario, said.family));
    if (sad.includes(said.outcome) && fortune !== "fails" && fortune !== "idles")
      throw new Broken(`${said.family} is told as ${said.outcome} although it works: ${said.text}`);
    if (said.outcome !== "applied") continue;
    if (fortune === "fails" || fortune === "cannot be pulled")
      throw new Broken(`${said.family} is told as applied, and ${fortune}`);
    const why = isCrowded
      ? undefined
      : whyNotAs(stage, scenario, said.family, state, {
          isLeavingHeld: isLeavingHeld(outcome, said.family),
          unseen: outcome.troubles.map((t) => t.machine),
        });
    if (why !== undefined) throw new Broken(`${said.family} is told as applied: ${why}`);
  }
  if (outcome.outcome === "applied" && outcome.apps.some((a) => a.outcome !== "applied"))
    throw new Broken("the revision is told as applied, and not all apps are");
  checkFlips(stage, history, outcome.revision);
}

/** A revision that failed is not told as applied later, unless somebody asked for another try. */
function checkFlips(stage: Stage, history: History, revision: string): void {
  const names = stage.told
    .filter((t) => t.isNews && t.outcome.revision === revision)
    .map((t) => t.outcome.outcome);
  const failedAt = names.findIndex((name) => sad.includes(name));
  if (failedAt < 0 || history.find(revision).retries.length > 0) return;
  if (names.slice(failedAt).includes("applied"))
    throw new Broken(`${revision.slice(0, 8)} is told as ${names.join(", then ")}`);
}
