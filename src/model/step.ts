import type { CertifyStep, LoadStep } from "./certificate-step.ts";
import type { Json } from "../lib/json.ts";
import type { PullLogin } from "./registry.ts";
import type { SealedText } from "./sealed.ts";

/**
 * The closed vocabulary of what may be done to a machine. Plain data, so that a plan can be printed, stored,
 * reviewed, simulated and replayed. Steps of one change run in order; the first that fails ends them.
 */
export type Step =
  | EngineStep
  | PullStep
  | PutStep
  | RemoveStep
  | RunStep
  | WaitStep
  | WatchStep
  | FinishStep
  | LeaveStep
  | AttemptStep
  | MarkStep
  | RoomStep
  | TalkStep
  | SwitchStep
  | DrainStep
  | CanaryStep
  | CertifyStep
  | LoadStep
  | DeadManStep
  | RebootStep;

/** The result of an earlier step of the same change, by the name it was bound to. */
export interface Bound {
  readonly bound: string;
}

/** A call of the engine's API, without the version prefix. Segments are URL-encoded by who runs it. */
export interface EngineStep {
  readonly do: "engine";
  readonly method: "POST" | "DELETE";
  readonly path: readonly (string | Bound)[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Joins the body's `Env` when it is sent, by variable; opened only there. */
  readonly secretEnv?: Readonly<Record<string, SealedText>>;
  /** Statuses that are as good as done, besides 2xx: 304 'already started', 404 'already gone'. */
  readonly accept?: readonly number[];
  /** Binds the answer's `Id`. */
  readonly bind?: string;
  readonly timeoutMs: number;
  /** Whose fault a refusal is: the app's (a command that is not there) or an operational trouble's. */
  readonly blame?: "app" | "machine";
  /** With `blame: "app"`: only these statuses are the app's fault; without it all are. */
  readonly blameOn?: readonly number[];
}

/** Pulls `name@sha256:…` (or a name by tag where `image` has no digest). Trouble is never the app's fault. */
export interface PullStep {
  readonly do: "pull";
  readonly image: string;
  /** The password is looked up only when it is sent. */
  readonly login?: PullLogin;
  readonly timeoutMs: number;
}

/** `sealed`: opened only when it is put, and never shown. */
export type Content =
  | { readonly text: string }
  | { readonly blob: string }
  | { readonly sealed: SealedText };

export interface PutEntry {
  /** Relative to the folder that is put. */
  readonly path: string;
  readonly content: Content;
  readonly mode: string;
}

/** Writes one file, or with `entries` a whole folder; complete or not at all (by rename), unless `inPlace`. */
export interface PutStep {
  readonly do: "put";
  readonly path: string;
  readonly content?: Content;
  readonly entries?: readonly PutEntry[];
  /** Octal, of the file or the folder: "0644". */
  readonly mode: string;
  /** `uid:gid`; root without one. */
  readonly owner?: string;
  /** Keeps the inode, so that mounts of the file see the change. */
  readonly inPlace?: boolean;
}

/** Removes a file or a folder below Slipway's own folder. */
export interface RemoveStep {
  readonly do: "remove";
  readonly path: string;
}

export interface RunStep {
  readonly do: "run";
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly accept?: readonly number[];
  readonly timeoutMs: number;
}

/** How health is asked. `auto`: the image's HEALTHCHECK, else TCP on `port`, else running for 5 s without a restart. */
export type Probe =
  | { readonly by: "auto"; readonly port?: number }
  | { readonly by: "http"; readonly path: string; readonly port: number }
  | { readonly by: "tcp"; readonly port: number }
  | { readonly by: "command"; readonly argv: readonly string[] }
  | { readonly by: "engine" }
  | { readonly by: "running" };

/** Waits until the container is healthy `successes` times in a row. Failing is the app's fault. */
export interface WaitStep {
  readonly do: "wait";
  readonly container: string | Bound;
  readonly probe: Probe;
  readonly successes: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
}

/** A proven container must go on running, and be healthy, for so long. Failing is the app's fault. */
export interface WatchStep {
  readonly do: "watch";
  readonly container: string | Bound;
  readonly probe: Probe | "off";
  readonly restart: "no" | "always" | "unless-stopped" | "on-failure";
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly forMs: number;
  /** The change made it: that it was restarted before the watch began counts as well. */
  readonly isNew?: true;
  /** Judges it by what the proxy sees of it as well. */
  readonly judged?: Judged;
}

/** What an instance is allowed while it is watched through the proxy; more is the app's failure. */
export interface Judged {
  readonly traffic: Traffic;
  /** Share of its answers that are 5xx, 0 to 1. */
  readonly maxErrors: number;
  /** Mean time until it begins to answer. */
  readonly maxLatencyMs?: number;
}

/** Waits until the container has ended; any exit code but 0 is a failure. */
export interface FinishStep {
  readonly do: "finish";
  readonly container: string | Bound;
  readonly deadlineMs: number;
  /** Whose fault it is; the app's without it. */
  readonly blame?: "app" | "machine";
}

/** Waits a while for a container that was told to end; that it takes longer, or how it ends, is no failure. */
export interface LeaveStep {
  readonly do: "leave";
  readonly container: string | Bound;
  readonly patienceMs: number;
}

/** Runs `steps`; when one fails, runs `otherwise` and the failure stands. */
export interface AttemptStep {
  readonly do: "attempt";
  readonly steps: readonly Step[];
  readonly otherwise: readonly Step[];
}

/** A safe point: here a newer revision may take over, and what comes before is worth keeping. */
export interface MarkStep {
  readonly do: "mark";
  readonly text: string;
}

/**
 * Asks whether there is room for a new container before any moves: `diskBytes` left on the engine's disk, and with `beside`
 * as much memory as the container uses now that goes on running next to the new one. Too little is the machine's trouble.
 */
export interface RoomStep {
  readonly do: "room";
  /** A folder on the disk of the engine's data. */
  readonly folder: string;
  readonly diskBytes: number;
  readonly beside?: {
    readonly container: string;
    /** The new one is promised at least so much. */
    readonly reservationBytes?: number;
    /** It cannot take more. */
    readonly limitBytes?: number;
  };
}

/** Says something to what listens at a unix socket; with `until` again, until its answer contains that. */
export interface TalkStep {
  readonly do: "talk";
  readonly socket: string;
  readonly text: string;
  readonly until?: string;
  /** Who is to answer: once it has ended it is not waited for, and what it said last is told. */
  readonly container?: string | Bound;
  readonly timeoutMs: number;
}

/** An instance's part in its machine's proxy. */
export interface Traffic {
  /** The proxy's folder: `/var/lib/slipway/<fleet>/proxy`. */
  readonly proxy: string;
  readonly instance: number;
  /** The pools that it belongs to; none where only its address is known. */
  readonly pools: readonly TrafficPool[];
}

export interface TrafficPool {
  readonly name: string;
  /** On which it is served by who does not say how it serves. */
  readonly port: number;
  /** Where its health is asked for; absent where the proxy only connects. */
  readonly path?: string;
}

/**
 * Lets the proxy send an instance's traffic to a container and no more to the one before: written to the proxy's file
 * first, then said to it, then read back. Requests under way go on. Failing is the machine's trouble.
 */
export interface SwitchStep {
  readonly do: "switch";
  readonly traffic: Traffic;
  readonly container: string | Bound;
  /** Percent that it gets meanwhile, the one before the rest. */
  readonly share?: number;
  /** Binds what the proxy has counted until now. */
  readonly bind?: string;
}

/** Waits until a container that gets no more traffic has answered all that is under way; what is left then is cut. */
export interface DrainStep {
  readonly do: "drain";
  readonly traffic: Traffic;
  /** Its address on the bridge. */
  readonly address: string;
  readonly requestsMs: number;
  /** For what is not done by then: streams. Not shorter than `requestsMs`. */
  readonly streamsMs: number;
  /** Nobody else can take what is sent to it: it goes on getting that, and is only waited for. */
  readonly stays?: true;
  /** What was bound by the switch. */
  readonly since?: Bound;
}

/**
 * Steps that could cut us off. Before them the machine itself is told to run `restore` in `confirmMs`; that is called off
 * only once a new connection, with a new login, has come through. Failing is the machine's trouble.
 */
export interface DeadManStep {
  readonly do: "dead-man";
  /** What is at stake: `the firewall`. */
  readonly of: string;
  /** Slipway's own folder there. */
  readonly folder: string;
  readonly steps: readonly Step[];
  /** Puts back the former state as it was, by what the machine has; run as root. */
  readonly restore: readonly string[];
  readonly confirmMs: number;
  /** Trials of a machine that say the same here can be made as one: there may be many of them. */
  readonly together?: string;
}

/** Reboots the machine, and waits until it is back. Failing is the machine's trouble. */
export interface RebootStep {
  readonly do: "reboot";
  /** In which boot it is now: in another it is not rebooted. */
  readonly boot: string;
  readonly deadlineMs: number;
  /** What is to be finished before, side by side. */
  readonly drains: readonly DrainStep[];
}

/** Steps that only the first container of a rollout takes: the planner leaves them out of all others. */
export interface CanaryStep {
  readonly do: "canary";
  readonly steps: readonly Step[];
}
