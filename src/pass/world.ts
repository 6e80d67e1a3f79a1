import type { Clock } from "../lib/clock.ts";
import type { ParseCache } from "../load/load.ts";
import type { Address } from "../model/address.ts";
import type { Listener } from "../model/events.ts";
import type { Issuer } from "../model/issuer.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { Secret } from "../model/secret.ts";
import type { Fleet, Target } from "../remote/session.ts";
import type { Source } from "../source/source.ts";

/** Opens what stands encrypted in the repo, and knows what it opened. */
export interface SecretOpener {
  /** Whether there is a key for this fleet; to be asked before anything of it is opened. */
  prepare(fleet: string): Promise<boolean>;
  /** `read` gives a blob's bytes, at most so many. */
  open(
    fleet: string,
    value: SealedValue,
    read: (blob: string, maxBytes: number) => Promise<Uint8Array>,
  ): Promise<Secret | Unopened>;
  /** Words of the repo that are no secret, whatever else they are: `postgres`, where a user and an app are called so. */
  spare(words: Iterable<string>): void;
  /** The last net: a text of somebody else without what was opened. */
  redact(text: string): string;
  /**
   * Knows what this one knows, and tells it nothing: for what nobody has agreed to, whose secrets and words are not to
   * decide what is taken out of anything else.
   */
  apart(): SecretOpener;
}

/** Why a secret stays closed. */
export interface Unopened {
  readonly reason: "not-a-recipient" | "damaged" | "too-large" | "unsupported";
  /** One line, without its name and without anything of what it holds. */
  readonly text: string;
}

/** Everything a pass needs from outside, made once by main. */
export interface World {
  readonly source: Source;
  readonly remote: Fleet;
  readonly clock: Clock;
  readonly listener: Listener;
  readonly parseCache: ParseCache;
  /** `closed`: for what neither compares nor changes; nothing is opened. */
  readonly secrets: SecretOpener | "closed";
  /** Absent: certificates are not issued from here. */
  readonly issuer?: Issuer;
  readonly environment?: string;
  /** Apply a revision that does not descend from the last one applied. */
  readonly allowRewind: boolean;
  /** How long a machine waits to hear that a trial has gone well before it puts back by itself; a minute without it. */
  readonly trialMs?: number;
  /** The ledger and the forge; told once per outcome that is news. */
  readonly reporter: Reporter;
  /** Told at each look which machines there are: who listens to their engines follows. */
  readonly onTargets?: (targets: ReadonlyMap<string, Target>, fleet: string) => void;
}

export interface Reporter {
  /** A revision is being tried, which changes these app files. */
  started(fleet: string, revision: string, changed: readonly string[]): Promise<void>;
  /** `isNews` false: the ledger has it already; a status that was lost is told again. */
  ended(outcome: RevisionOutcome, isNews: boolean): Promise<void>;
  /** After a start: ends what a controller before this one left pending on the newest commits. */
  resume(fleet: string, head: string): Promise<void>;
}

/** What this pass is asked to do. */
export interface Request {
  /** Default: the branch's head. */
  readonly revision?: string;
  /** Families to be tried again although they failed. */
  readonly retry: readonly string[];
  readonly cause: RevisionOutcome["cause"];
  /** Aborted when a newer revision wants to take over. */
  readonly preempt: AbortSignal;
  /** Resources that are not healed for now: something keeps breaking them. */
  readonly suspended?: ReadonlySet<Address>;
  /** As it would be outside of all freezes and pauses: for a commit that is only planned. */
  readonly isTimeless?: true;
}
