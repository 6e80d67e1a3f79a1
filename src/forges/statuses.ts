import { cutAtWord, printableLine, shortRevision } from "../lib/text.ts";
import type { AppOutcome, OutcomeName, RevisionOutcome } from "../model/outcome.ts";
import { sayApp } from "../model/saying.ts";
import type { CommitStatus, StatusState } from "./forge.ts";

export const fleetContext = (fleet: string): string => `slipway/${fleet}`;

/** On the head of a pull request. */
const planContext = (fleet: string): string => `slipway/${fleet}/plan`;

/** It says what a plan holds, rather than what came of a revision. */
export const isPlanned = ({ context }: Pick<CommitStatus, "context">): boolean =>
  /^slipway\/[^/]+\/plan$/.test(context);

const appContext = (fleet: string, family: string): string => `slipway/${fleet}/${family}`;

export interface StatusOptions {
  /** App files that the plan changes: each has a context of its own, and what was said to be pending has to end. */
  readonly changed: readonly string[];
  /** Of a description, in UTF-16 units: the forge's limit. */
  readonly descriptionLimit: number;
  /** The run's page. */
  readonly targetUrl?: string;
}

const stateOf: Readonly<Record<OutcomeName, StatusState>> = {
  applied: "success",
  reverted: "failure",
  failed: "failure",
  held: "failure",
  rejected: "failure",
  incomplete: "error",
  superseded: "error",
};

/** What is said when a pass over a revision starts. */
export function pendingStatuses(
  fleet: string,
  revision: string,
  options: StatusOptions,
): readonly CommitStatus[] {
  const pending = (context: string, text: string): CommitStatus =>
    statusOf({ revision, context, state: "pending", text }, options);
  return [
    pending(
      fleetContext(fleet),
      options.changed.length === 0 ? "looking" : `changing ${options.changed.join(", ")}`,
    ),
    ...options.changed.map((family) => pending(appContext(fleet, family), "deploying")),
  ];
}

/** What is said when it has ended: also of apps that turned out to change or to fail on the way. */
export function finalStatuses(
  outcome: RevisionOutcome,
  options: StatusOptions,
): readonly CommitStatus[] {
  const { fleet, revision } = outcome;
  const families = new Set([
    ...options.changed,
    ...outcome.apps.filter((a) => concerns(outcome, a)).map((a) => a.family),
  ]);
  return [
    statusOf(
      {
        revision,
        context: fleetContext(fleet),
        state: stateOf[outcome.outcome],
        text: outcome.text,
      },
      options,
    ),
    ...[...families].map((family) =>
      statusOf(
        { revision, context: appContext(fleet, family), ...appResult(outcome, family) },
        options,
      ),
    ),
  ];
}

/** Healing drift is nothing that the revision changed; failing at it is worth a light. */
const concerns = (outcome: RevisionOutcome, app: AppOutcome): boolean =>
  app.outcome === "failed" ||
  app.outcome === "reverted" ||
  (app.changes > 0 && outcome.cause !== "drift");

/** A light and its words. */
export interface Result {
  readonly state: StatusState;
  readonly text: string;
}

/** What is said of a plan on the head of a pull request. */
export const planStatus = (
  fleet: string,
  revision: string,
  result: Result,
  options: Omit<StatusOptions, "changed">,
): CommitStatus => statusOf({ revision, context: planContext(fleet), ...result }, options);

/** An app that the pass did not get to shares the revision's fate, unless that is another app's. */
function appResult(outcome: RevisionOutcome, family: string): Result {
  const app = outcome.apps.find((a) => a.family === family);
  if (app !== undefined) return { state: stateOf[app.outcome], text: sayApp(app) };
  if (outcome.outcome === "reverted" || outcome.outcome === "failed")
    return { state: "error", text: "not reached" };
  return { state: stateOf[outcome.outcome], text: outcome.text };
}

function statusOf(
  said: Result & { revision: string; context: string },
  options: Omit<StatusOptions, "changed">,
): CommitStatus {
  const { revision, context, state, text } = said;
  return {
    revision,
    context,
    state,
    description: cutAtWord(printableLine(text), options.descriptionLimit),
    ...(options.targetUrl === undefined ? {} : { targetUrl: options.targetUrl }),
  };
}

export interface Ending {
  /** What is known to have come of a revision: from the history. */
  readonly outcomeOf: (revision: string) => RevisionOutcome | undefined;
  readonly head: string;
  readonly descriptionLimit: number;
}

/**
 * How a status that a dead controller left pending ends: as the history says; else another revision has taken over.
 * Undefined for the head, which the pass to come will end.
 */
export function endingOf(
  left: CommitStatus,
  fleet: string,
  ending: Ending,
): CommitStatus | undefined {
  const outcome = ending.outcomeOf(left.revision);
  if (left.context === planContext(fleet) && !outcome?.apps.some((a) => a.family === "plan"))
    return { ...left, state: "error", description: "merged before it was planned" };
  if (outcome !== undefined) {
    const family = left.context.slice(fleetContext(fleet).length + 1);
    const options = {
      changed: family === "" ? [] : [family],
      descriptionLimit: ending.descriptionLimit,
    };
    return finalStatuses(outcome, options).find((s) => s.context === left.context);
  }
  if (left.revision === ending.head) return undefined;
  return { ...left, state: "error", description: `superseded by ${shortRevision(ending.head)}` };
}
