import { isObject } from "../lib/json.ts";
import type { Address } from "./address.ts";

/** The states a revision can end in (docs/outcomes.md), and one app of it. */
export type OutcomeName =
  | "applied"
  | "reverted"
  | "failed"
  | "held"
  | "rejected"
  | "incomplete"
  | "superseded";

const fromBestToWorst: readonly OutcomeName[] = [
  "applied",
  "superseded",
  "held",
  "incomplete",
  "reverted",
  "failed",
  "rejected",
];

export const worstOutcome = (names: readonly OutcomeName[]): OutcomeName =>
  fromBestToWorst[Math.max(0, ...names.map((n) => fromBestToWorst.indexOf(n)))] ?? "applied";

/** What was seen of a container that failed: enough to say why without logging in. */
export interface Evidence {
  readonly machine: string;
  readonly container: string;
  readonly probe?: string;
  readonly exitCode?: number;
  readonly outOfMemory?: boolean;
  readonly restarts?: number;
  readonly logTail?: readonly string[];
}

/** How traffic fared while it moved from one container to the next. */
export interface SwitchSeen extends SwitchCounts {
  readonly machine: string;
  readonly app?: string;
  /** Absent: of all on the machine. */
  readonly instance?: number;
}

export interface SwitchCounts {
  /** Requests that were answered meanwhile, and those that were not. */
  readonly served: number;
  readonly failed: number;
  /** Connections to the former one that ended by themselves, and those that were cut. */
  readonly drained: number;
  readonly cut: number;
}

/** How what runs on a machine was proven: the last probe, `200 in 3 ms`. */
export interface ProbeSeen {
  readonly machine: string;
  readonly probe: string;
}

/** What a step saw that is worth telling though nothing failed. Of a switch, what several steps saw is added up. */
export type Sighting =
  | { readonly of: "probe"; readonly probe: string }
  | ({ readonly of: "switch" } & Partial<SwitchCounts>);

/** How one app file (with its services) fared. */
export interface AppOutcome {
  readonly family: string;
  readonly outcome: OutcomeName;
  /** One line: what was proven, or what stands in the way. */
  readonly text: string;
  readonly machines: readonly string[];
  readonly imageDigests: readonly string[];
  /** What its image texts meant; and a digest of all else that is declared of it: a revert is known by that. */
  readonly images?: Readonly<Record<string, string>>;
  readonly declared?: string;
  /** How many changes this pass made to it; statuses of its own go to apps that changed or failed. */
  readonly changes: number;
  readonly good?: string;
  readonly evidence?: readonly Evidence[];
  /** Of this pass, as well as what follows. */
  readonly switches?: readonly SwitchSeen[];
  readonly probes?: readonly ProbeSeen[];
}

export interface Trouble {
  readonly machine: string;
  /** The class of trouble; retries back off by it. */
  readonly class:
    | "unreachable"
    | "identity"
    | "access"
    | "engine"
    | "pull"
    | "disk"
    | "memory"
    | "network"
    | "certificate"
    | "fenced"
    | "locked";
  readonly text: string;
}

/** One pass over one revision: what the commit status, the note and the history say. */
export interface RevisionOutcome {
  readonly version: 1;
  readonly fleet: string;
  readonly revision: string;
  readonly subject: string;
  readonly outcome: OutcomeName;
  readonly text: string;
  /** Changes that were made in this pass. */
  readonly changes: number;
  readonly apps: readonly AppOutcome[];
  readonly held: readonly { readonly address: Address; readonly text: string }[];
  readonly troubles: readonly Trouble[];
  /**
   * What is still to come and holds nothing up: a certificate that was not issued yet, with why; and what of the machines needs
   * a look soon, a disk that is nearly full.
   */
  readonly notices?: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** `commit`: a new revision; `drift`: something moved by itself; `retry`. */
  readonly cause: "commit" | "drift" | "retry";
  /** Digest of the tree that was applied: tells a revision that brings an earlier state back. */
  readonly tree?: string;
  /** When what a freeze, a pause or a closed reboot window holds may be tried, ISO 8601; undefined: nothing, or not before a commit says so. */
  readonly heldUntil?: string;
  /** For `rejected`: the findings, as `file:line:col: message`, bounded. */
  readonly findings?: readonly string[];
}

/** Reads one record of the ledger or of a machine's history; undefined when it is none. */
export function parseOutcome(text: string): RevisionOutcome | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || value["version"] !== 1) return undefined;
    const { fleet, revision, outcome, apps, troubles, held } = value;
    if (typeof fleet !== "string" || typeof revision !== "string" || typeof outcome !== "string")
      return undefined;
    if (!fromBestToWorst.some((name) => name === outcome)) return undefined;
    if (!Array.isArray(apps) || !Array.isArray(troubles) || !Array.isArray(held)) return undefined;
    return value as unknown as RevisionOutcome;
  } catch {
    return undefined;
  }
}
