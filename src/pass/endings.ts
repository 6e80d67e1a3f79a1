import type { Applied } from "../apply/applied.ts";
import { shortRevision } from "../lib/text.ts";
import type { Change } from "../model/change.ts";
import { formatDiagnostic, type Diagnostic } from "../model/diagnostic.ts";
import { worstOutcome, type RevisionOutcome } from "../model/outcome.ts";
import { changesOf, type Held } from "../model/plan.ts";
import { sayApp, sayFindings, sayHeld, sayKeptBack, sayTrouble } from "../model/saying.ts";
import { windowCode } from "../plan/reboots.ts";
import type { Verdict } from "./judge.ts";
import { lateOf, type PutOff } from "./late.ts";
import type { Revision } from "./revision.ts";
import type { Standing } from "./standing.ts";
import { machineStatuses } from "./status.ts";
import type { Survey } from "./survey.ts";
import type { Request, World } from "./world.ts";

/** What every ending of a pass says of itself. */
export interface PassSoFar {
  readonly world: World;
  readonly request: Request;
  readonly revision: Revision;
  /** Milliseconds since 1970. */
  readonly started: number;
}

const findingsLimit = 50;

function ending(
  pass: PassSoFar,
  said: Pick<RevisionOutcome, "outcome" | "text"> & Partial<RevisionOutcome>,
): RevisionOutcome {
  return {
    version: 1,
    fleet: pass.revision.fleet,
    revision: pass.revision.snapshot.revision,
    subject: pass.revision.subject,
    changes: 0,
    apps: [],
    held: [],
    troubles: [],
    startedAt: new Date(pass.started).toISOString(),
    durationMs: pass.world.clock.now() - pass.started,
    cause: pass.request.cause,
    tree: pass.revision.tree,
    ...said,
  };
}

/** A revision with an error in it is never applied, not even in part. */
export const rejected = (pass: PassSoFar): RevisionOutcome =>
  ending(pass, {
    outcome: "rejected",
    text: sayFindings(pass.revision.findings),
    findings: errorsFirst(pass.revision.findings).slice(0, findingsLimit).map(formatDiagnostic),
  });

/** Warnings, which reject nothing, do not crowd out what does. */
const errorsFirst = (findings: readonly Diagnostic[]): readonly Diagnostic[] =>
  findings.toSorted((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));

export const refused = (pass: PassSoFar, why: string): RevisionOutcome =>
  ending(pass, {
    outcome: "held",
    text: sayHeld({ text: why, needs: "--allow-rewind" }),
    held: [{ address: "revision", text: why }],
  });

/** What a pass says that was told to stop before it had come to its end: nothing that it left is anybody's failure. */
export const stopped = (outcome: RevisionOutcome): RevisionOutcome => ({
  ...outcome,
  outcome: "incomplete",
  text: stoppedText,
  apps: outcome.apps.map((app) =>
    app.outcome === "superseded" ? { ...app, outcome: "incomplete", text: stoppedText } : app,
  ),
});

const stoppedText = "the controller was stopped half-way; the next pass goes on from there";

/** The worst of its apps, of what is held, and of what stood in the way. */
export function summed(
  pass: PassSoFar,
  verdict: Verdict,
  {
    plan: last,
    standing,
    putOff = [],
    observations = new Map(),
  }: Pick<Survey, "plan"> & {
    readonly standing: Pick<Standing, "untilMs">;
    readonly putOff?: readonly PutOff[];
    readonly observations?: Survey["observations"];
  },
  applied: readonly Applied[],
): RevisionOutcome {
  const changes = applied
    .map(({ done }, round) => (round === 0 ? done : done.filter((c) => !isTidying(c))))
    .reduce((sum, done) => sum + done.length, 0);
  const guarded = last.held.filter((h) => h.code !== "failed-mark" && h.code !== windowCode);
  const { revision } = pass.revision.snapshot;
  const back = [
    ...guarded.filter((h) => h.failedAt === revision),
    ...unrecorded(applied, guarded, revision),
  ];
  const open = changesOf({ ...last, afterwards: [] }).filter(
    (c) => c.family === undefined || !verdict.apps.some((a) => a.family === c.family),
  );
  const late = lateOf(putOff, applied);
  const notices = [...late.notices, ...machineNotices(observations, pass.world.clock.now())];
  const troubles = [...verdict.troubles, ...late.troubles];
  const isCut = verdict.supersededBy !== undefined;
  const isLeft = open.length > 0 || last.awaiting.length > 0;
  const isTroubled = troubles.length > 0 || last.unknown.length > 0;
  const outcome = worstOutcome([
    ...verdict.apps.map((a) => a.outcome),
    ...(guarded.length > 0 ? (["held"] as const) : []),
    ...(back.length > 0 ? (["reverted"] as const) : []),
    ...(isTroubled || (isLeft && !isCut) ? (["incomplete"] as const) : []),
    ...(isLeft && isCut ? (["superseded"] as const) : []),
  ]);
  const held = [...new Set([...last.held, ...back])].map((h) => ({
    address: h.address,
    text: h.needs === undefined ? h.text : `${h.text}; needs ${h.needs}`,
  }));
  const said = textOf(outcome, { ...verdict, troubles }, { guarded, back }, changes, [
    ...open.map((c) => c.address),
    ...last.unknown.map((u) => u.address),
  ]);
  const text = [said, ...late.notices].join("; ");
  return ending(pass, {
    outcome,
    text,
    changes,
    apps: verdict.apps,
    held,
    troubles,
    ...(notices.length === 0 ? {} : { notices }),
    ...heldUntil([standing, last]),
  });
}

/** When the first of what waits for its time may be tried. */
function heldUntil(
  all: readonly { readonly untilMs?: number }[],
): Pick<RevisionOutcome, "heldUntil"> {
  const untils = all.flatMap(({ untilMs }) => untilMs ?? []);
  return untils.length === 0 ? {} : { heldUntil: new Date(Math.min(...untils)).toISOString() };
}

/** No part of the text: a disk that fills up is not what came of a revision. */
const machineNotices = (observations: Survey["observations"], now: number): readonly string[] =>
  machineStatuses(observations, now).flatMap(({ name, concerns = [] }) =>
    concerns.map(({ text }) => `${name}: ${text}`),
  );

/** What locked us out on a machine that could not be written to any more. */
const unrecorded = (
  applied: readonly Applied[],
  held: readonly Held[],
  revision: string,
): readonly Held[] =>
  applied
    .flatMap(({ failures }) => failures)
    .filter(
      ({ change, failure }) =>
        failure.isLockout && !held.some(({ address }) => address === change.address),
    )
    .map(({ change: { address, machine }, failure }) => ({
      address,
      code: "locked-out",
      text: failure.message,
      machine,
      failedAt: revision,
    }));

/** What is no longer mounted once the plan is done goes with that: no change of its own, which no plan could show. */
const isTidying = ({ kind, action }: Change): boolean =>
  kind === "app/files" && action === "delete";

function textOf(
  outcome: RevisionOutcome["outcome"],
  verdict: Verdict,
  { guarded, back }: Readonly<Record<"guarded" | "back", readonly Held[]>>,
  changes: number,
  open: readonly string[],
): string {
  const worst = verdict.apps.find((a) => a.outcome === outcome);
  switch (outcome) {
    case "applied": {
      if (changes === 0) return "nothing to do";
      const changed = verdict.apps.filter((a) => a.changes > 0);
      const apps = changed.map((a) => `${a.family} ${a.text}`).join("; ");
      return apps === "" ? `${changes} ${changes === 1 ? "change" : "changes"}` : apps;
    }
    case "held":
      return worst === undefined ? guardedText(guarded) : sayApp(worst);
    case "incomplete": {
      const [trouble, ...more] = verdict.troubles;
      if (trouble !== undefined)
        return `${sayTrouble(trouble)}${more.length === 0 ? "" : ` (and ${more.length} more)`}`;
      return worst === undefined ? `not settled: ${listed(open)}` : sayApp(worst);
    }
    case "reverted":
      return worst === undefined ? backText(back) : sayApp(worst);
    case "superseded":
      return `superseded by ${shortRevision(verdict.supersededBy ?? "")}`;
    default:
      return worst === undefined ? outcome : sayApp(worst);
  }
}

const isClosed = ({ code }: Held): boolean => code === "freeze" || code === "paused";

function guardedText([first, ...more]: readonly Held[]): string {
  if (first === undefined) return "held";
  const said = isClosed(first) ? sayKeptBack(first) : sayHeld(first);
  return `${said}${more.length === 0 ? "" : ` (and ${more.length} more)`}`;
}

function backText([first, ...more]: readonly Held[]): string {
  if (first === undefined) return "put back";
  return `${first.machine}: ${first.text}${more.length === 0 ? "" : ` (and ${more.length} more)`}`;
}

/** The first few, and how many more there are. */
function listed(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 3).join(", ");
  return addresses.length > 3 ? `${shown} and ${addresses.length - 3} more` : shown;
}
