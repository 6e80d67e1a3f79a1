import type { Evidence } from "./outcome.ts";

/** An instance that was restarted and is healthy again. */
export interface Restarted {
  readonly machine: string;
  readonly app: string;
  readonly instance: number;
  readonly container: string;
  readonly durationMs: number;
}

export interface RestartFailure {
  readonly machine: string;
  /** Without one: the machine could not be had. */
  readonly address?: string;
  readonly text: string;
  readonly evidence?: Evidence;
}

export interface RestartRun {
  readonly restarted: readonly Restarted[];
  /** The first failure ends it: the instances after it are left alone. */
  readonly failure?: RestartFailure;
}
