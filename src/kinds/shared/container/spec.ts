import type { SealedText } from "../../../model/sealed.ts";
import type { Served } from "../../../model/served.ts";
import type { Probe, TrafficPool } from "../../../model/step.ts";
import type { FilesSpec } from "../files/spec.ts";

/** One instance of an app on one machine. */
export interface ContainerSpec {
  readonly fleet: string;
  readonly app: string;
  readonly family: string;
  readonly instance: number;
  readonly revision: string;
  readonly imageText: string;
  /** `name@sha256:…` or an image id. */
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly hostname?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Variables that hold secrets. */
  readonly secretEnv?: Readonly<Record<string, SecretEnv>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly ports: readonly PortBinding[];
  /** How it serves its ports. What is made remembers it; for what is there it counts only behind the proxy. */
  readonly served: readonly Served[];
  /** It is another container for that alone. */
  readonly isServedAnew?: true;
  /** Engine names with aliases, the first is the default route; `host` alone for the host's network. */
  readonly networks: readonly Attachment[] | "host";
  readonly limits: Limits;
  readonly restart: "no" | "always" | "unless-stopped" | "on-failure";
  readonly stopTimeoutSeconds: number;
  readonly stopSignal?: string;
  readonly init?: boolean;
  readonly readOnly?: boolean;
  readonly privileged?: boolean;
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly shmSizeBytes?: number;
  readonly ulimits?: readonly {
    readonly name: string;
    readonly soft: number;
    readonly hard: number;
  }[];
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly devices?: readonly {
    readonly host: string;
    readonly container: string;
    readonly permissions: string;
  }[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly dns?: readonly string[];
  readonly securityOpt?: readonly string[];
  readonly groupAdd?: readonly string[];
  readonly logs: { readonly maxSizeBytes: number; readonly maxFiles: number };
  /** Its shipped files are replaced while it runs. */
  readonly reload?: Reload;

  // How it is run and rolled out; changing these restarts nothing.
  readonly running: boolean;
  readonly strategy: "start-first" | "stop-first";
  readonly probe: Probe | "off";
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  readonly probeDeadlineMs: number;
  /** How long it is watched once it is proven, in all; 0: not at all. */
  readonly watchMs: number;
  /** Behind the machine's proxy. */
  readonly proxied?: Proxied;
  /** A container that was there before, by its name: it is this one, until something of it is declared otherwise. */
  readonly adopt?: string;
  /** What it was under each name before `renamedFrom`: a container that was made so is kept as it is. */
  readonly formerly?: readonly ContainerSpec[];
}

/** What the machine's proxy sends to it, and how that goes over from one container to the next. */
export interface Proxied {
  readonly pools: readonly TrafficPool[];
  /** So much of the watch passes before the one before is put away. */
  readonly warmMs: number;
  /** For requests under way at a container that is to stop. */
  readonly drainMs: number;
  /** For what is open longer: streams. */
  readonly streamsMs: number;
  /** Share of 5xx while it is watched, 0 to 1. */
  readonly maxErrors: number;
  /** The first container of a rollout gets so many percent for so long. */
  readonly canary?: {
    readonly share: number;
    readonly forMs: number;
    readonly maxErrors: number;
    readonly maxLatencyMs?: number;
  };
}

export interface Reload {
  /** What tells it to read them anew. */
  readonly signal: string;
  /** Below `<root>/files/`, where they stand as 0, 1, …, in this order. */
  readonly folder: string;
  readonly files: readonly FilesSpec[];
}

export interface SecretEnv {
  readonly text: SealedText;
  /** Of the opened text, under the machine's key: equal means that the value is. */
  readonly fingerprint: string;
}

export interface Attachment {
  readonly name: string;
  readonly aliases: readonly string[];
  /** What a container that is made now gets for good there; one that has another keeps it. Never compared. */
  readonly address?: string;
}

export interface Mount {
  readonly type: "volume" | "bind";
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface PortBinding {
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
}

/** What the engine changes in place; `cpuset` alone needs a new container. */
export interface Limits {
  readonly memoryBytes?: number;
  /** What it is squeezed to when the machine runs short. */
  readonly memoryReservationBytes?: number;
  /** Memory and swap together; twice the memory without it. */
  readonly memorySwapBytes?: number;
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpuset?: string;
  readonly pids?: number;
}
