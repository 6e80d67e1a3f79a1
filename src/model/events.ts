import type { Address } from "./address.ts";
import type { Change } from "./change.ts";
import type { RevisionOutcome, Trouble } from "./outcome.ts";

/** What a pass tells while it runs: progress views, logs and forges listen. */
export type Event =
  | { readonly type: "stage"; readonly stage: Stage; readonly text: string }
  | { readonly type: "planned"; readonly revision: string; readonly changes: number }
  | { readonly type: "change-started"; readonly change: Change }
  | { readonly type: "change-done"; readonly address: Address; readonly durationMs: number }
  | { readonly type: "change-failed"; readonly address: Address; readonly text: string }
  | { readonly type: "progress"; readonly address: Address; readonly text: string }
  | { readonly type: "trouble"; readonly trouble: Trouble }
  | { readonly type: "drift"; readonly address: Address; readonly text: string }
  | { readonly type: "outcome"; readonly outcome: RevisionOutcome };

export type Stage = "source" | "load" | "observe" | "plan" | "apply" | "verify" | "report";

export type Listener = (event: Event) => void;
