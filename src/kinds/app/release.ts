import type { ContainerSpec } from "./container.ts";

/** The command that runs once per rollout, before any switch, on the app's first machine. */
export interface ReleaseSpec {
  readonly family: string;
  readonly app: string;
  /** Digest over image digest and command: recorded in the inventory when it ended well. */
  readonly digest: string;
  /** The app's container, with the release's command, no ports, no restart. */
  readonly container: ContainerSpec;
  readonly deadlineMs: number;
}
