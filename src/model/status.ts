import type { OutcomeName } from "./outcome.ts";

/** What runs where, as it was seen just now: what `slipway status` and `slipway ps` show. */
export interface StatusDocument {
  readonly version: 1;
  readonly fleet: string;
  /** The last revision that was applied; absent on a fleet that has seen none. */
  readonly revision?: string;
  readonly head?: HeadStatus;
  /** Why no commit statuses are sent, where they were meant to be. */
  readonly forge?: { readonly trouble: string };
  readonly machines: readonly MachineStatus[];
  readonly apps: readonly AppStatus[];
  /** In order of host; absent where there are none. */
  readonly certificates?: readonly CertificateStatus[];
  /** In order of app, name and machine; absent where there are none. */
  readonly jobs?: readonly JobStatus[];
}

/** A job where it runs, and how it went last. */
export interface JobStatus {
  readonly app: string;
  readonly job: string;
  readonly machine: string;
  readonly schedule: string;
  readonly timezone: string;
  /** It runs now. */
  readonly running?: true;
  /** When it starts next, ISO 8601; absent where nothing would start it. */
  readonly next?: string;
  /** Absent: it has not run yet, as far as is known. */
  readonly last?: JobRun;
}

export interface JobRun {
  readonly container: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Absent while it runs. */
  readonly endedAt?: string;
  readonly exitCode?: number;
  /** It was stopped at its deadline. */
  readonly late?: true;
  /** The last ones of what it said, where it ended badly. */
  readonly lines?: readonly string[];
}

/** What is shown for a host. */
export interface CertificateStatus {
  readonly host: string;
  /** That have this one, sorted. */
  readonly machines: readonly string[];
  /** Who issued it. */
  readonly issuer: string;
  /** Nobody has issued one yet. */
  readonly standIn?: true;
  /** ISO 8601. */
  readonly until: string;
}

/** The branch's head, and what has come of it. */
export interface HeadStatus {
  readonly revision: string;
  readonly subject: string;
  /** By the ledger; absent before its first pass has ended. */
  readonly outcome?: OutcomeName;
  readonly text?: string;
  /** How many changes the next pass would make; absent where it would make none since it is rejected. */
  readonly pending?: number;
  /** How many things could not be seen: what the next pass would do with them is not known. */
  readonly unknown?: number;
}

export interface MachineStatus {
  readonly name: string;
  readonly reachable: boolean;
  /** What stands in the way, where it is not reachable or not well. */
  readonly why?: string;
  readonly os?: string;
  readonly kernel?: string;
  /** Version of the container engine. */
  readonly engine?: string;
  /** Seconds. */
  readonly uptime?: number;
  /** Average of the last minute. */
  readonly load?: number;
  readonly memory?: Room;
  /** Of the engine's folder, as well as the inodes. */
  readonly disk?: Room;
  readonly inodes?: Room;
  readonly clock?: ClockStatus;
  /** Absent: not known. */
  readonly rebootNeeded?: boolean;
  /** How many it has yet to install; absent: not known. */
  readonly securityUpdates?: number;
  /** Absent where there are none. */
  readonly concerns?: readonly Concern[];
}

/** Seconds. */
export interface ClockStatus {
  /** By how much it surely is ahead of the controller's; negative: behind. */
  readonly offset: number;
  /** How long the question took: by so much more it may be off. */
  readonly within: number;
}

/** What of a machine needs a look soon, though it stands in no way. */
export interface Concern {
  readonly code: "disk" | "inodes" | "memory" | "clock" | "reboot" | "certificate";
  readonly text: string;
}

/** Bytes, or inodes. */
export interface Room {
  readonly total: number;
  readonly available: number;
}

/** One app file with its services. */
export interface AppStatus {
  readonly family: string;
  /** The last revision at which it was proven to work. */
  readonly good?: string;
  /** The last revision at which it failed. */
  readonly failed?: { readonly revision: string; readonly reason: string };
  /** Why it is not tried at the fleet's revision. */
  readonly held?: string;
  /** Where it is reached from outside, as declared: `https://shop.example.com/`. */
  readonly routes?: readonly string[];
  readonly instances: readonly InstanceStatus[];
}

export interface InstanceStatus {
  /** `shop`, or `shop-worker` for a service. */
  readonly app: string;
  readonly machine: string;
  /** Counted from 1 on each machine. */
  readonly instance: number;
  /** The container's name. */
  readonly container: string;
  /** As declared, or by digest. */
  readonly image: string;
  /** The revision that created the container. */
  readonly revision: string;
  readonly running: boolean;
  /** It failed, and was kept for looking at. */
  readonly failed?: true;
  /** What the engine says: `healthy`, `starting`, `unhealthy`; absent where it does not check. */
  readonly health?: string;
  readonly restarts: number;
  /** ISO 8601: of its start, or of its end where it does not run. */
  readonly since?: string;
  /** `10.0.0.11:8080->8080/tcp` */
  readonly ports: readonly string[];
}
