/** The interface to one machine. All remote effects of Slipway pass through here. */

export interface Command {
  readonly argv: readonly string[];
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Of stdout and stderr each; more ends the command with class `limit`. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE" | "HEAD";
  /** Without the version prefix, with its query: `/containers/json?all=1`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface EngineReply {
  readonly status: number;
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown;
}

/** A streaming answer: pull progress, events, logs. Ends when the stream does; the request's timeout is until its head. */
export interface EngineStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): void;
}

/** A running command with open pipes: the lock's reader, `exec -i`, a follower. Unread output of some MiB stops it. */
export interface Process {
  write(data: string | Uint8Array): void;
  end(): void;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** The exit code; rejects with RemoteError when the connection went first. */
  readonly exited: Promise<number>;
  /** Ends its input and reads its output no more; a command that minds neither goes on. */
  kill(): void;
}

/** A command in a running container, as by `docker exec`. */
export interface ContainerCommand {
  readonly container: string;
  readonly argv: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  /** Takes input; without it the command's stdin is empty. */
  readonly stdin?: boolean;
  /** Gives it a terminal of this size; all output is then stdout. */
  readonly tty?: { readonly columns: number; readonly rows: number };
  /** Ends the connection to it; the engine lets the command itself go on. */
  readonly signal?: AbortSignal;
}

/** The main command of a container that was created and not started, with its streams from the first byte on. */
export type ContainerStart = Pick<ContainerCommand, "container" | "stdin" | "tty">;

export interface ContainerProcess extends Process {
  /** Of its terminal. */
  resize(columns: number, rows: number): Promise<void>;
}

export interface FilePut {
  readonly path: string;
  readonly content: Uint8Array;
  /** Octal: "0644". */
  readonly mode: string;
  /** `uid:gid`; root without one. */
  readonly owner?: string;
  readonly inPlace?: boolean;
}

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** With a path: an HTTP GET, 2xx or 3xx wanted; without: TCP. */
  readonly httpPath?: string;
  readonly timeoutMs: number;
}

/** Something to say to whoever listens at a unix socket there: the proxy's commands. */
export interface TalkRequest {
  readonly path: string;
  readonly text: string;
  /** Until the end of the answer. */
  readonly timeoutMs: number;
  /** Of the answer; more ends it with class `limit`. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface Session {
  readonly machine: string;
  /** Aborts when the connection is gone, with the RemoteError that says why: the fleet then gives another session. */
  readonly gone: AbortSignal;
  /** Words to put before a command's own, which end it there after so many seconds; none where the machine cannot. */
  limit(seconds: number): readonly string[];
  /** Runs as root (directly, or by `sudo -n`). Resolves for every exit code. */
  exec(command: Command): Promise<CommandResult>;
  start(command: Omit<Command, "timeoutMs" | "maxBytes">): Promise<Process>;
  /** Complete or not at all; makes the folders above, for root only. In place, a full disk may leave it half written. */
  put(file: FilePut): Promise<void>;
  engine(request: EngineRequest): Promise<EngineReply>;
  engineStream(request: EngineRequest): Promise<EngineStream>;
  execIn(command: ContainerCommand): Promise<ContainerProcess>;
  /** Starts a container that was made to be attached to; its exit code is the container's. */
  startAttached(start: ContainerStart): Promise<ContainerProcess>;
  /** From the machine's own network. Resolves with what was seen: `200 in 3 ms`, `connection refused`. */
  probe(target: ProbeTarget): Promise<{ readonly healthy: boolean; readonly text: string }>;
  /**
   * Says the text, then nothing more, and hears until the other side closes. As root wherever the login may not. Rejects
   * with RemoteError of class network where nothing listens: nothing was said then.
   */
  talk(request: TalkRequest): Promise<string>;
  /**
   * Opens a connection of its own with a new login, sees that it has root's rights, runs what is given there, and closes
   * it; gives what came of that. Rejects with RemoteError.
   */
  confirm(argv?: readonly string[]): Promise<CommandResult | undefined>;
  close(): Promise<void>;
}

export type TroubleClass =
  | "unreachable"
  | "identity"
  | "access"
  | "engine"
  | "timeout"
  | "limit"
  | "disk"
  | "network";

/** Operational trouble with a machine: never the repo's or an app's fault. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  readonly class: TroubleClass;
  readonly machine: string;
  constructor(machine: string, cls: TroubleClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.machine = machine;
    this.class = cls;
  }
}

/** Where and how a machine is reached. */
export interface Target {
  readonly machine: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Pinned: `ssh-ed25519 AAAA…`. Without one a key is accepted only when `acceptNewHostKeys`. */
  readonly hostKey?: string;
  /** Pinned: what its /etc/machine-id says. */
  readonly machineId?: string;
  readonly jump?: Target;
  readonly engineSocket: string;
}

/** One connection per machine, opened at first use, reopened with back-off, shared by all who ask. */
export interface Fleet {
  /** `fresh` tries even when an attempt has just failed; otherwise its error stands until the back-off ends. */
  session(target: Target, options?: { readonly fresh?: boolean }): Promise<Session>;
  /** The host key that the machine showed, where it was accepted unpinned. */
  seenHostKey(machine: string): string | undefined;
  close(): Promise<void>;
}
