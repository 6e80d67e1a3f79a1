import type { Inventory } from "./inventory.ts";
import type { Live } from "./live.ts";
import type { Trouble } from "./outcome.ts";
import type { Facts } from "./resource.ts";

/** All that one look at one machine found out. Plain data: what the planner works from. */
export interface Observation {
  readonly machine: string;
  /** Absent when the machine did not answer. */
  readonly facts?: Facts;
  /** When its facts were asked for and there, by the controller's clock, milliseconds since 1970. */
  readonly asked?: { readonly fromMs: number; readonly toMs: number };
  /** Absent: nothing of this fleet was ever here. */
  readonly inventory: Live<Inventory>;
  /** What it surely does not have, and what kinds that need it wait for. */
  readonly lacks?: string;
  /** By kind id: all that is there, by the kind's key. A kind that is missing here is unknown. */
  readonly kinds: ReadonlyMap<string, Live<ReadonlyMap<string, unknown>>>;
  /** What stood in the way: unreachable, engine not answering. */
  readonly troubles: readonly Trouble[];
}

/** The state of one thing by kind and key; a whole kind that is unknown makes it unknown. */
export function liveOf(
  observation: Observation | undefined,
  kind: string,
  key: string,
): Live<unknown> {
  const all = observation?.kinds.get(kind);
  if (all === undefined) return { state: "unknown", why: "not observed" };
  if (all.state !== "present") return all.state === "absent" ? { state: "absent" } : all;
  const value = all.value.get(key);
  return value === undefined ? { state: "absent" } : { state: "present", value };
}
