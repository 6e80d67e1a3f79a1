/** Clients against one or more addresses; they are spread over them in turn. */
export interface LoadOptions {
  readonly targets: readonly Target[];
  /** Clients that keep their connection. */
  readonly kept: number;
  /** Clients that ask each time on a new connection. */
  readonly fresh: number;
  /** Whether half of what those ask is a POST whose body must come back: one that nobody may repeat. */
  readonly posts: boolean;
  /** After each answer, and after each failure. */
  readonly pauseMs: number;
  /** Slow answers at a time, one after another. */
  readonly streams: number;
  readonly streamMs: number;
  readonly streamChunks: number;
  readonly sockets: number;
  readonly echoMs: number;
  /** For a whole answer, or the next chunk of a slow one, or an echo. */
  readonly timeoutMs: number;
  /** A certificate in PEM that signs those of the targets; without it any will do. */
  readonly ca?: string;
}

export interface Target {
  /** Of the test app; its path goes before those that are asked for. */
  readonly url: string;
  /** Where to connect instead of looking the URL's name up. */
  readonly address?: string;
}

export type ClientKind = "kept" | "fresh" | "stream" | "socket";

export interface LoadReport {
  /** When it began, as `Date.now` has it: what `atMs` below counts from. */
  readonly since: number;
  readonly ms: number;
  /** Answered in full or not, by clients that keep their connection and those that do not. */
  readonly requests: number;
  /** Of what was answered in full. */
  readonly versions: Readonly<Record<string, number>>;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** `kept: reset`, `fresh: status 503`; empty where all went well. */
  readonly failures: Readonly<Record<string, number>>;
  /** The first of them. */
  readonly examples: readonly Example[];
  /** Answered to the last chunk. */
  readonly streams: number;
  readonly sockets: SocketReport;
}

export interface Example {
  readonly atMs: number;
  readonly failure: string;
  readonly url: string;
  readonly detail: string;
}

export interface SocketReport {
  readonly opened: number;
  readonly echoes: number;
  /** How often one ended that we did not end, by code. Each is opened anew. */
  readonly closed: Readonly<Record<string, number>>;
  /** The first of these. */
  readonly closes: readonly SocketClose[];
}

export interface SocketClose {
  readonly atMs: number;
  /** As sent; 1006 where the connection ended without a word. */
  readonly code: number;
  readonly url: string;
  readonly version: string;
}
