import type { JobContainer, JobSpec, JobState } from "../../src/kinds/app/job.ts";
import { runScript } from "../../src/kinds/app/job/script.ts";
import { containerName } from "../../src/kinds/app/job/spec.ts";
import { serviceText, timerText } from "../../src/kinds/app/job/units.ts";
import { fieldsOf, specDigest } from "../../src/kinds/shared/container/fields.ts";
import { about } from "./converge.ts";
import { plain } from "./specs.ts";

export const plainJob: JobSpec = {
  fleet: "acme",
  app: "shop",
  family: "shop",
  job: "report",
  times: ["*-*-* 03:00:00 UTC"],
  container: {
    ...plain,
    networks: [{ name: "slipway-acme", aliases: [] }],
    command: ["report"],
    restart: "no",
    probe: "off",
  },
  deadlineMs: 3_600_000,
  socket: "/var/run/docker.sock",
};

/** A job as it stands once it was applied, with containers that are other than that of the spec, and what became of it. */
export function jobState(
  spec: JobSpec,
  containers: readonly object[],
  { isUnitless, ...but }: Partial<JobState> & { readonly isUnitless?: true },
): JobState {
  return {
    app: spec.app,
    family: spec.family,
    job: spec.job,
    ...(isUnitless === true
      ? {}
      : {
          service: serviceText(spec, about.root),
          timer: timerText(spec),
          script: runScript,
        }),
    isEnabled: true,
    isActive: true,
    isStale: false,
    ...but,
    containers: containers.map((other, index) => ({ ...containerOf(spec, index), ...other })),
  };
}

const containerOf = (spec: JobSpec, index: number): JobContainer => ({
  id: `c${index}`,
  name: containerName(spec),
  app: spec.app,
  family: spec.family,
  spec: specDigest(spec.container),
  image: spec.container.image,
  imageId: "sha256:1",
  imageText: spec.container.imageText,
  status: "created",
  running: false,
  restarting: false,
  paused: false,
  exitCode: 0,
  oomKilled: false,
  restartCount: 0,
  createdAt: "2026-01-01T00:00:00Z",
  limits: {},
  restart: "no",
  stopTimeoutSeconds: 10,
  networks: ["slipway-acme"],
  addresses: {},
  fields: fieldsOf(spec.container),
  deadlineMs: spec.deadlineMs,
});
