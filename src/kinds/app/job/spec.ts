import { digestOf, shortHash } from "../../../lib/hash.ts";
import type { LiveContainer } from "../../shared/container/live.ts";
import { specDigest } from "../../shared/container/fields.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";

/** A command that runs at times on one machine. */
export interface JobSpec {
  readonly fleet: string;
  readonly app: string;
  readonly family: string;
  readonly job: string;
  /** When, as systemd says it. */
  readonly times: readonly string[];
  /** The app's container, with the job's command, no ports, no restart. */
  readonly container: ContainerSpec;
  readonly deadlineMs: number;
  /** Where the engine listens. */
  readonly socket: string;
}

export interface JobContainer extends LiveContainer {
  readonly deadlineMs: number;
}

/** A job as it is on a machine, or what is left of it. */
export interface JobState {
  readonly app: string;
  readonly family: string;
  readonly job: string;
  /** That which runs next, those before it, one that still runs. Newest first. */
  readonly containers: readonly JobContainer[];
  /** What its files say; absent where there is none. */
  readonly service?: string;
  readonly timer?: string;
  readonly script?: string;
  /** The timer starts at boot. */
  readonly isEnabled: boolean;
  /** The timer runs. */
  readonly isActive: boolean;
  /** systemd has not read its files since they were changed. */
  readonly isStale: boolean;
}

export const jobKey = (app: string, job: string): string => `${app}/${job}`;

/** Another one for all that only a new container can have, limits included: one that runs is never touched. */
export const containerName = ({ container, app, job }: JobSpec): string => {
  const digest = digestOf({ spec: specDigest(container), limits: container.limits });
  return `${container.fleet}-${app}-job-${job}-${shortHash(digest)}`;
};
