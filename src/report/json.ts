import type { Json } from "../lib/json.ts";
import type { Change, Disruption, Field } from "../model/change.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { changesOf, type Held, type Plan, type UnknownLive } from "../model/plan.ts";
import type { HandChange } from "../model/trace.ts";
import type { Reach } from "../model/reach.ts";
import type { Shortage } from "../model/shortage.ts";
import { countsOf, type PlanCounts } from "./plan-groups.ts";

/** `plan --json`: schemas/plan.schema.json. */
export interface PlanDocument {
  readonly version: 1;
  readonly revision: string;
  /** The files as they stood in the folder, on top of that revision. */
  readonly workingTree: boolean;
  readonly changes: readonly ChangeDocument[];
  readonly held: readonly HeldDocument[];
  readonly unknown: readonly UnknownLive[];
  readonly awaiting: readonly string[];
  readonly reach: readonly Reach[];
  /** Left out where there is none. */
  readonly shortages?: readonly Shortage[];
  readonly summary: PlanCounts & { readonly changes: number };
}

export interface ChangeDocument {
  readonly action: Change["action"];
  readonly address: string;
  readonly kind: string;
  readonly machine: string;
  readonly app: string | null;
  readonly reason: {
    readonly code: string;
    readonly text: string;
    readonly file: string | null;
    readonly line: number | null;
    readonly changed?: HandChange;
  };
  readonly fields: readonly FieldDocument[];
  readonly disruption: Disruption;
  /** Tried under a dead man's switch. Left out where not so. */
  readonly trial?: true;
}

export interface FieldDocument {
  readonly path: string;
  readonly declared: Json;
  readonly live: Json;
}

export interface HeldDocument {
  readonly address: string;
  readonly code: string;
  readonly text: string;
  /** The trailer that lets it through. */
  readonly needs: string | null;
  readonly machine: string | null;
  readonly app: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

/** In the order in which the changes are made. */
export function planDocument(
  plan: Plan,
  view: {
    readonly reach?: readonly Reach[];
    readonly shortages?: readonly Shortage[];
    readonly workingTree?: boolean;
  } = {},
): PlanDocument {
  const { reach = [], shortages = [], workingTree = false } = view;
  const changes = changesOf(plan).map(changeDocument);
  return {
    version: 1,
    revision: plan.revision,
    workingTree,
    changes,
    held: plan.held.map(heldDocument),
    unknown: plan.unknown.map(({ address, machine, why }) => ({ address, machine, why })),
    awaiting: plan.awaiting,
    reach,
    ...(shortages.length === 0 ? {} : { shortages }),
    summary: { changes: changes.length, ...countsOf(plan) },
  };
}

const changeDocument = (change: Change): ChangeDocument => ({
  action: change.action,
  address: change.address,
  kind: change.kind,
  machine: change.machine,
  app: change.app ?? null,
  reason: {
    code: change.reason.code,
    text: change.reason.text,
    file: change.reason.where?.file ?? null,
    line: change.reason.where?.line ?? null,
    ...(change.reason.changed === undefined ? {} : { changed: change.reason.changed }),
  },
  fields: change.fields.map(fieldDocument),
  disruption: change.disruption,
  ...(change.trial === undefined ? {} : { trial: true }),
});

/** A side that is not there is null. */
const fieldDocument = ({ path, declared, live }: Field): FieldDocument => ({
  path,
  declared: declared ?? null,
  live: live ?? null,
});

const heldDocument = (held: Held): HeldDocument => ({
  address: held.address,
  code: held.code,
  text: held.text,
  needs: held.needs ?? null,
  machine: held.machine ?? null,
  app: held.app ?? null,
  file: held.where?.file ?? null,
  line: held.where?.line ?? null,
});

/** `history --json`: schemas/history.schema.json. */
export interface HistoryDocument {
  readonly version: 1;
  /** Newest first. */
  readonly revisions: readonly RevisionOutcome[];
}

export const historyDocument = (revisions: readonly RevisionOutcome[]): HistoryDocument => ({
  version: 1,
  revisions,
});

/** `validate --json`: schemas/findings.schema.json. */
export interface FindingsDocument {
  readonly version: 1;
  readonly findings: readonly {
    readonly severity: Diagnostic["severity"];
    readonly code: string;
    readonly file: string;
    readonly line: number;
    readonly col: number;
    readonly message: string;
  }[];
}

export const findingsDocument = (findings: readonly Diagnostic[]): FindingsDocument => ({
  version: 1,
  findings: findings.map(({ severity, code, where, message }) => ({
    severity,
    code,
    ...where,
    message,
  })),
});

/** What every command prints with --json when it ended in trouble: schemas/error.schema.json. */
export interface ErrorDocument {
  readonly version: 1;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly machine: string | null;
  readonly findings: FindingsDocument["findings"];
}

/** One document as text with a line end. What a terminal could obey is escaped, so that parsing gives it back. */
export const jsonText = (document: Json | object): string =>
  `${visible(JSON.stringify(document, null, 2))}\n`;

/** The same on one line, without its end. */
export const jsonLine = (document: Json | object): string => visible(JSON.stringify(document));

function visible(text: string): string {
  const invisible = /[\u007f-\u009f\u200b\u2028\u2029\ufeff\p{Bidi_Control}]/gu;
  return text.replaceAll(invisible, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
