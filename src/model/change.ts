import type { Json } from "../lib/json.ts";
import type { Address } from "./address.ts";
import type { Where } from "./diagnostic.ts";
import type { HandChange, Trace } from "./trace.ts";
import type { RoomStep, Step, WatchStep } from "./step.ts";

export type Action = "create" | "update" | "replace" | "delete" | "run";

/** One field that differs, as it is declared and as it is live; undefined: not there. */
export interface Field {
  readonly path: string;
  readonly declared?: Json;
  readonly live?: Json;
}

/** Why a change is planned: codes are stable, kebab-case. */
export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly where?: Where;
  /** It drifted, and the machine knows when. */
  readonly changed?: HandChange;
}

/** What users of the app notice. `gap`: nobody answers for up to `seconds`, or without them from then on. */
export interface Disruption {
  readonly kind: "none" | "restart" | "gap";
  readonly seconds?: number;
}

export const noDisruption: Disruption = { kind: "none" };

/** What a kind's `diff` says: the difference between declared and live, without steps. */
export interface Difference {
  readonly action: Action;
  readonly reason: Reason;
  readonly fields: readonly Field[];
  readonly disruption: Disruption;
  /** A login goes by it; `in-use`: the one by which we are there, which stays whatever is declared. */
  readonly login?: "goes" | "in-use";
}

/** One planned change, with the steps that make it. */
export interface Change extends Difference {
  readonly address: Address;
  readonly kind: string;
  readonly machine: string;
  readonly app?: string;
  /** The app file that the app belongs to; its services roll together. */
  readonly family?: string;
  readonly name: string;
  readonly steps: readonly Step[];
  /** What must hold before the first container of its rollout moves; they change nothing. */
  readonly checks?: readonly RoomStep[];
  /** What has to come before, and that only a later look can see: it is not made in this round. */
  readonly waits?: string;
  /** What must go on holding for a while after it was made, while others go on. */
  readonly watch?: WatchStep;
  /** What it opens to the outside that was not open before. */
  readonly widens?: readonly string[];
  /** What is done while that is held; absent: nothing. */
  readonly instead?: Change;
  /** It could cut us off: a digest of what is wanted, under which it is remembered if it does. */
  readonly trial?: string;
  /** What would tell when it was changed by hand. */
  readonly traces?: readonly Trace[];
  /** What only one at a time can have on a machine: host ports, as `tcp 10.0.0.11 8080` (no address: on all). */
  readonly holds?: readonly string[];
}

/** What waits is not made in this round. */
export const isTimely = ({ waits }: Pick<Change, "waits">): boolean => waits === undefined;

/** Whether both want the same port, one of them perhaps on all addresses. */
export function clash(a: string, b: string): boolean {
  const [[protocol, address, port], [otherProtocol, otherAddress, otherPort]] = [
    a.split(" "),
    b.split(" "),
  ];
  if (protocol !== otherProtocol || port !== otherPort) return false;
  return address === otherAddress || address === "" || otherAddress === "";
}
