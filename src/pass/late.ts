import type { Applied } from "../apply/applied.ts";
import type { Change } from "../model/change.ts";
import type { Issuer } from "../model/issuer.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import { sayNotIssued } from "../model/saying.ts";
import type { CertifyStep } from "../model/certificate-step.ts";
import type { Step } from "../model/step.ts";

/** What of a plan holds nothing up and is not to be tried before its time, with why. */
export interface PutOff {
  readonly change: Change;
  readonly text: string;
}

type AskingStep = CertifyStep & { readonly by: "authority" };

/** What asks an authority. */
export const askingOf = (steps: readonly Step[]): AskingStep | undefined =>
  steps.find((step): step is AskingStep => step.do === "certify" && step.by === "authority");

/** An authority that gave nothing is left alone for a while: until then asking it is no news. */
export function withoutPutOff<Look extends { readonly plan: Plan }>(
  look: Look,
  issuer: Issuer | undefined,
): Look & { readonly putOff: readonly PutOff[] } {
  const putOff = look.plan.afterwards.flatMap(({ changes }) =>
    changes.flatMap((change): readonly PutOff[] => {
      const step = askingOf(change.steps);
      const why = step === undefined ? undefined : issuer?.putOff(step);
      if (step === undefined || why === undefined) return [];
      return [{ change, text: sayNotIssued(step, why.trouble) }];
    }),
  );
  if (putOff.length === 0) return { ...look, putOff };
  const left = new Set(putOff.map(({ change }) => change));
  const afterwards = look.plan.afterwards
    .map((turn) => ({ ...turn, changes: turn.changes.filter((change) => !left.has(change)) }))
    .filter(({ changes }) => changes.length > 0);
  return { ...look, plan: { ...look.plan, afterwards }, putOff };
}

/** What was not done of what holds nothing up: some of it is only told, and some cannot be left like that. */
export function lateOf(
  putOff: readonly PutOff[],
  applied: readonly Applied[],
): { readonly notices: readonly string[]; readonly troubles: readonly Trouble[] } {
  // Of the last round that tried: what was done after all is told no more.
  const tried = applied.findLast(({ late }) => late.length > 0)?.late ?? [];
  const all = [
    ...tried.map(({ change, failure }) => ({ change, text: failure.message })),
    ...putOff,
  ];
  const urgent = all.filter(({ change }) => urgentCodes.has(change.reason.code));
  const others = all.filter((one) => !urgent.includes(one));
  return {
    notices: [...new Set(others.map(({ text }) => text))],
    troubles: [...new Map(urgent.map((one) => [one.text, troubleOf(one)])).values()],
  };
}

/** A certificate that ended, or is about to. */
const urgentCodes: ReadonlySet<string> = new Set(["ended", "ending"]);

const troubleOf = ({ change, text }: PutOff): Trouble => ({
  machine: change.machine,
  class: "certificate",
  text,
});
