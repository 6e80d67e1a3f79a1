import type { Applied, ChangeFailure } from "../apply/applied.ts";
import type { Change } from "../model/change.ts";
import type { AppOutcome, OutcomeName, Trouble } from "../model/outcome.ts";
import { changesOf, type Held, type Plan } from "../model/plan.ts";
import { retryOf, sayHeld, sayKeptBack, saySwitches } from "../model/saying.ts";
import type { Apart, Decision } from "../plan/marks.ts";
import type { Holds } from "./holds.ts";
import { sightingsOf } from "./sightings.ts";
import type { Survey } from "./survey.ts";
import type { Request } from "./world.ts";

/** What a pass knows of one family when it ends. */
export interface FamilyFacts {
  readonly family: string;
  readonly machines: readonly string[];
  readonly imageDigests: readonly string[];
  readonly images?: ReadonlyMap<string, string>;
  readonly declared?: string;
  readonly decision: Decision;
  readonly isIdle?: boolean;
  /** What a part of it still waits for, and could not even be planned before. */
  readonly awaiting?: string;
  /** What keeps HEAD's form of it back. */
  readonly heldBy?: Held;
}

export interface Verdict {
  readonly apps: readonly AppOutcome[];
  readonly troubles: readonly Trouble[];
  readonly supersededBy?: string;
}

export interface JudgeInput {
  readonly revision: string;
  readonly families: readonly FamilyFacts[];
  /** The plan of the last look: what is in it still differs. */
  readonly last: Plan;
  readonly applied: readonly Applied[];
  readonly observed: readonly Trouble[];
  /** Families whose image could not be resolved, with why. */
  readonly unresolved: ReadonlyMap<string, Trouble>;
  /** The revision that takes over, or `stop`. */
  readonly supersededBy?: string;
}

/** The verdict on what a pass did, from its last look. */
export const judgeLook = (
  look: Survey,
  pass: {
    readonly request: Request;
    readonly revision: string;
    readonly applied: readonly Applied[];
    readonly holds: Holds;
  },
): Verdict =>
  judge({
    revision: pass.revision,
    families: look.families.map((f) => ({ ...f, imageDigests: [...new Set(f.images.values())] })),
    last: look.plan,
    applied: pass.applied,
    observed: [
      ...[...look.observations.values()].flatMap((o) => o.troubles),
      ...pass.holds.troubles,
    ],
    unresolved: look.unresolved,
    ...(pass.request.preempt.aborted ? { supersededBy: String(pass.request.preempt.reason) } : {}),
  });

/** How each family fared, from what was observed last: never from what the steps returned. */
export function judge(input: JudgeInput): Verdict {
  const failures = input.applied.flatMap((a) => a.failures);
  const apps = input.families.map((facts) => judgeFamily(facts, input, failures));
  const fromSteps = failures
    .filter((f) => f.failure.blame !== "app" && f.failure.blame !== "preempted")
    // What was put back is told as that: it is not tried again, and so no trouble that would pass.
    .filter((f) => !f.failure.isLockout)
    .map(troubleOf);
  return {
    apps,
    troubles: distinct([...input.observed, ...fromSteps, ...input.unresolved.values()]),
    ...(input.supersededBy === undefined ? {} : { supersededBy: input.supersededBy }),
  };
}

function judgeFamily(
  facts: FamilyFacts,
  input: JudgeInput,
  failures: readonly ChangeFailure[],
): AppOutcome {
  const own = failures.filter((f) => f.change.family === facts.family);
  const evidence = own.flatMap((f) => f.failure.evidence ?? []);
  const made = input.applied.flatMap((a) => a.done).filter((c) => c.family === facts.family);
  const seen = sightingsOf(
    input.applied.flatMap((a) => a.sightings).filter((s) => s.change.family === facts.family),
  );
  const say = (outcome: OutcomeName, text: string): AppOutcome => ({
    family: facts.family,
    outcome,
    text,
    machines: facts.machines,
    imageDigests: facts.imageDigests,
    ...(outcome === "applied" && facts.images !== undefined
      ? { images: Object.fromEntries(facts.images) }
      : {}),
    ...(facts.declared === undefined ? {} : { declared: facts.declared }),
    changes: made.length,
    ...(facts.decision.good === undefined ? {} : { good: facts.decision.good.revision }),
    ...(evidence.length === 0 ? {} : { evidence }),
    ...seen,
  });
  const [outcome, text] = verdictOf(facts, input, own);
  // As it stands it is well, or held as it was before: what keeps the new form back is the news.
  if (facts.heldBy !== undefined && (outcome === "applied" || outcome === "held"))
    return say("held", sayKeptBack(facts.heldBy));
  return say(outcome, outcome === "applied" ? [text, ...seenText(seen)].join("; ") : text);
}

function verdictOf(
  facts: FamilyFacts,
  input: JudgeInput,
  own: readonly ChangeFailure[],
): [OutcomeName, string] {
  const { decision, family } = facts;
  const open = changesOf(input.last).filter((c) => c.family === family);
  const unknown = input.last.unknown.find((u) => u.family === family);
  const why = own.find((f) => f.failure.blame === "app")?.failure.message;
  const unresolved = input.unresolved.get(family);
  const clash = input.last.held.find((h) => h.code === "clash" && isOf(h, facts));
  if (clash !== undefined) return ["held", `${clash.machine}: ${clash.text}`];
  const { awaiting } = facts;
  const settled =
    open.length === 0 &&
    unknown === undefined &&
    unresolved === undefined &&
    awaiting === undefined;
  if (decision.state === "return") {
    const reason = why ?? decision.failed.reason;
    if (!settled) {
      const unseen =
        unknown === undefined ? unresolved?.text : `${unknown.machine}: ${unknown.why}`;
      const still = open.length > 0 ? openText(open, own) : (unseen ?? `waits for ${awaiting}`);
      const notBack = `not yet back at ${short(decision.good.revision)}: ${still}`;
      // What stands in the way of an app that failed before is no failure of this revision; nor is trouble one.
      const isNew = decision.failed.revision === input.revision || why !== undefined;
      if (!isNew) return ["incomplete", notBack];
      const isTrouble =
        unknown !== undefined || unresolved !== undefined || isBarred(open, input, own);
      return [isTrouble ? "incomplete" : "failed", `${reason}; ${notBack}`];
    }
    return decision.failed.revision === input.revision ? ["reverted", reason] : ["held", reason];
  }
  if (decision.state === "freeze") {
    const reason = why ?? decision.failed.reason;
    if (decision.failed.revision === input.revision) {
      return ["failed", `${reason}; ${decision.why}`];
    }
    return [
      "held",
      `app/${family} failed at ${short(decision.failed.revision)} and stays as it is, needs ${retryOf(family)}: ${reason}`,
    ];
  }
  const { apart } = decision;
  if (apart === undefined) return verdictOfGoing(facts, input, own);
  const others = own.filter(({ change }) => !apart.has(change.machine));
  const onlyWaits = open.length > 0 && open.every((c) => c.waits !== undefined);
  return apartVerdict(facts, apart, input, verdictOfGoing(facts, input, others), onlyWaits);
}

/** Where it failed alone it stays as it is: that is what is told first, and how the others fared after it. */
function apartVerdict(
  { family }: FamilyFacts,
  apart: Apart,
  { revision }: JudgeInput,
  [others, text]: readonly [OutcomeName, string],
  onlyWaits: boolean,
): [OutcomeName, string] {
  const marks = [...apart].map(([machine, { failed }]) => ({ machine, failed }));
  const reasons = marks.map(({ machine, failed }) => `${machine}: ${failed.reason}`).join("; ");
  if (marks.some(({ failed }) => failed.revision === revision))
    return ["failed", `${reasons}; ${others === "applied" ? "" : "elsewhere "}${text}`];
  // Where it leaves it goes on serving, as it does not elsewhere: what failed is the news.
  if (others !== "applied" && !onlyWaits) return [others, text];
  const at = [...new Set(marks.map(({ failed }) => short(failed.revision)))].join(", ");
  return [
    "held",
    `app/${family} failed at ${at} and stays as it is there, needs ${retryOf(family)}: ${reasons}`,
  ];
}

/** Of a family that is tried, where it did not fail alone. */
function verdictOfGoing(
  facts: FamilyFacts,
  input: JudgeInput,
  own: readonly ChangeFailure[],
): [OutcomeName, string] {
  const { family, awaiting } = facts;
  const open = changesOf(input.last).filter((c) => c.family === family);
  const unknown = input.last.unknown.find((u) => u.family === family);
  const why = own.find((f) => f.failure.blame === "app")?.failure.message;
  const waitsFor = input.applied.flatMap((a) => a.waiting.get(family) ?? []).at(-1);
  const unresolved = input.unresolved.get(family);
  if (input.supersededBy !== undefined && (open.length > 0 || awaiting !== undefined))
    return ["superseded", `superseded by ${short(input.supersededBy)}`];
  const after = input.last.held.find((h) => h.code === "after" && h.app === family);
  if (after !== undefined) {
    const still = open.length === 0 ? "" : `; not kept up: ${openText(open, own)}`;
    return ["held", `needs ${after.needs}${still}`];
  }
  if (unresolved !== undefined) return ["incomplete", unresolved.text];
  if (unknown !== undefined) return ["incomplete", `${unknown.machine}: ${unknown.why}`];
  const held = input.last.held.filter(
    (h) => h.app === family || h.app?.startsWith(`${family}-`) === true,
  );
  const drifted = held.find((h) => h.code === "drift");
  if (drifted !== undefined)
    return ["held", sayHeld({ ...drifted, text: `${drifted.address}: ${drifted.text}` })];
  // Where its leaving a machine is held, so is all else of it there.
  const guarded = held.find((h) => h.code === "guard");
  if (guarded !== undefined) return ["held", sayHeld(guarded)];
  if (open.length === 0 && awaiting === undefined) return ["applied", provenText(facts)];
  if (waitsFor !== undefined) return ["held", `needs app/${waitsFor} first`];
  if (why !== undefined) return ["failed", why];
  const waits = open.every((c) => c.waits !== undefined) ? open[0] : undefined;
  if (waits !== undefined) return ["incomplete", `${waits.address} stays until ${waits.waits}`];
  const barred = input.observed.find((t) => open.some((c) => c.machine === t.machine));
  if (barred !== undefined) return ["incomplete", `${barred.machine}: ${barred.text}`];
  if (open.length === 0) return ["incomplete", `waits for ${awaiting}`];
  const untried = whyUntried(open, input, own);
  return untried === undefined
    ? ["failed", `still differs after applying: ${openText(open, own)}`]
    : ["incomplete", untried];
}

/** Whether trouble stands between what is open and its being done. */
function isBarred(
  open: readonly Change[],
  { observed }: JudgeInput,
  own: readonly ChangeFailure[],
): boolean {
  const blame = own.at(-1)?.failure.blame;
  // What is only waited with is no news of the app.
  if (open.every((c) => c.waits !== undefined)) return open.length > 0;
  const isUnseen = observed.some((t) => open.some((c) => c.machine === t.machine));
  return open.length > 0 && (isUnseen || blame === "machine" || blame === "fenced");
}

/** What was not done says nothing of the app: trouble of its own, or of others on its machine, came before. */
function whyUntried(
  open: readonly Change[],
  { applied }: JudgeInput,
  own: readonly ChangeFailure[],
): string | undefined {
  const done = new Set(applied.flatMap((a) => a.done).map((c) => c.address));
  const left = open.find((c) => !done.has(c.address));
  const others = applied.flatMap((a) => a.failures);
  const trouble = own[0] ?? others.find((f) => f.change.machine === left?.machine);
  return trouble && `${trouble.change.machine}: ${trouble.failure.message}`;
}

/** Of the family, or of a machine that it runs on as a whole. */
const isOf = ({ app, machine = "" }: Held, { family, machines }: FamilyFacts): boolean =>
  app === family || (app === undefined && machines.includes(machine));

function provenText(facts: FamilyFacts): string {
  const { decision } = facts;
  const apart = decision.state === "go" ? decision.apart : undefined;
  const machines = facts.machines.filter((machine) => apart?.has(machine) !== true);
  const where = machines.length === 0 ? "no machine" : machines.join(", ");
  const what = facts.imageDigests.map(shortDigest).join(", ");
  if (facts.isIdle === true) return `runs nowhere, as declared (${where})`;
  return `live on ${where}${what === "" ? "" : ` (${what})`}`;
}

/** What users noticed comes before how it was proven, where a forge cuts. */
const seenText = ({ switches, probes }: ReturnType<typeof sightingsOf>): readonly string[] => [
  ...(switches === undefined ? [] : [saySwitches(switches)]),
  ...(probes?.at(-1) === undefined ? [] : [`last probe: ${probes.at(-1)?.probe}`]),
];

function openText(open: readonly Change[], own: readonly ChangeFailure[]): string {
  const first = own.at(-1)?.failure.message ?? open[0]?.reason.text ?? "unknown";
  return open[0] === undefined ? first : `${open[0].address}: ${first}`;
}

const troubleOf = ({ change, failure }: ChangeFailure): Trouble => ({
  machine: change.machine,
  class: failure.trouble,
  text: failure.message,
});

function distinct(troubles: readonly Trouble[]): readonly Trouble[] {
  return [...new Map(troubles.map((t) => [`${t.machine} ${t.class} ${t.text}`, t])).values()];
}

const short = (revision: string): string => revision.slice(0, 8);

const shortDigest = (reference: string): string =>
  /sha256:([0-9a-f]{12})/.exec(reference)?.[1] ?? reference;
