import type { Difference } from "../model/change.ts";
import type { Adopted } from "../model/inventory.ts";
import type { Answers, Query } from "../model/query.ts";
import type { Facts } from "../model/resource.ts";
import type { DrainStep, RoomStep, Step, WatchStep } from "../model/step.ts";
import type { Trace } from "../model/trace.ts";

/** What a kind may know when it asks: the fleet, and where its own folder stands on the machine. */
export interface About {
  readonly fleet: string;
  /** `/var/lib/slipway/<fleet>` */
  readonly root: string;
  /** By kind: the keys that HEAD's documents name on the machine, for kinds that ask only of what somebody named. */
  readonly named?: ReadonlyMap<string, readonly string[]>;
  /** By id: containers that the machine's record says were taken over. Absent: the record was not read, or cannot be. */
  readonly adopted?: Readonly<Record<string, Adopted>>;
  /** The machine's own key for fingerprints. */
  readonly key?: string;
}

/** Another resource on the same machine that must have converged first. */
export interface Selector {
  readonly kind: string;
  readonly name: string;
  readonly app?: string;
}

/** Whose a live thing is that nobody declares any more. */
export interface Owner {
  readonly app?: string;
  readonly family?: string;
  readonly name: string;
}

/** Somebody else's has the name. */
export interface Clash {
  readonly text: string;
  /** What would let it through. */
  readonly needs: string;
}

/** What the planner hands to a kind's `apply`. */
export interface Chosen<Spec, State> {
  readonly difference: Difference;
  readonly want?: Spec;
  readonly have?: State;
}

export interface GivenUp {
  readonly difference: Difference;
  readonly steps: readonly Step[];
}

/**
 * A kind describes one sort of thing and does nothing: what to ask, how to read the answer, what differs, and
 * which steps would mend it. Every method is pure. `Spec` and `State` hold only plain data, in one normalised
 * form for both sides, so that they can be compared, shown and stored.
 */
export interface Kind<Spec, State> {
  readonly id: `machine/${string}` | `app/${string}`;
  /** One sentence, for docs. */
  readonly summary: string;
  /** Where in schemas/ it is declared (JSON pointers); empty for what Slipway adds by itself. */
  readonly declaredIn: readonly string[];
  /** The last part of its address; a new name is a new thing. "" where there is one per app or machine. */
  name(spec: Spec): string;
  /** The key of its live state in what `read` returns. */
  key(spec: Spec): string;
  /** The keys under which it stood before `renamedFrom`. */
  formerKeys?(spec: Spec): readonly string[];
  /** Keys of what belongs to it besides: it is nobody's orphan. */
  keeps?(spec: Spec): readonly string[];
  /** One state of two, where part of it still stands under its former key. */
  join?(have: State, former: State): State;
  needs?(spec: Spec): readonly Selector[];
  /** Questions that cover all of this kind on a machine. */
  observe(about: About): readonly Query[];
  /** All that is there, by key. Throws Unreadable. */
  read(answers: Answers, about: About): ReadonlyMap<string, State>;
  /** Whose it is, when nobody declares it; undefined: not ours (no label, not in our folder), never touched. */
  owner(state: State): Owner | undefined;
  /** Undefined: as declared. `want` undefined: no longer declared. Both undefined: undefined. */
  /** Why it cannot be had as long as it stays declared like this; it is not touched, and nothing is made of its app. */
  clash?(want: Spec, have: State | undefined): Clash | undefined;
  /** What is to be told of it whatever is declared: it stands in no change's way. */
  tells?(want: Spec, have: State | undefined): Clash | undefined;
  /** What of it would be open that was not, as `tcp 443`: a guard holds it. `want` undefined: no longer declared. */
  widens?(want: Spec | undefined, have: State | undefined): readonly string[];
  /** The same without what `widens` tells: what is made while a guard holds that. */
  narrowed?(want: Spec, have: State): Spec;
  diff(want: Spec | undefined, have: State | undefined, facts: Facts): Difference | undefined;
  /** What would tell when it was changed by hand, of what differs alone: that was not written by us since. */
  traces?(want: Spec, have: State | undefined, facts: Facts): readonly Trace[];
  /** What of it only one at a time can have on a machine, as `Change.holds`: of `want`, or of `have` when it goes. */
  holds?(want: Spec | undefined, have: State | undefined): readonly string[];
  apply(chosen: Chosen<Spec, State>, facts: Facts): readonly Step[];
  /** By what it is known again where it locked us out; absent: all of its spec. */
  tried?(want: Spec): unknown;
  /** What must hold on the machine before anything of the rollout moves. */
  checks?(want: Spec, have: State | undefined, facts: Facts): readonly RoomStep[];
  /** What is watched for a while once it was made. */
  watch?(want: Spec, have: State | undefined, facts: Facts): WatchStep | undefined;
  /** Lets what is there finish what it is at, before its machine goes away for a while. */
  drains?(want: Spec, have: State, facts: Facts): readonly DrainStep[];
  /** Asks whether what is there works, and lets it serve as it did before that. */
  proves?(want: Spec, have: State, facts: Facts): readonly Step[];
  /** Puts away what of it was tried and never proven; undefined where there is nothing of the kind. */
  giveUp?(want: Spec | undefined, have: State): GivenUp | undefined;
  /** What may be shown or stored of a state. */
  redact(state: State): unknown;
}

/** A kind whose types the stages need not know: they carry its specs and states without looking inside. */
export type AnyKind = Kind<unknown, unknown>;
