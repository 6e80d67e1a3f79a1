import type { Kind } from "../kind.ts";
import { redactFields } from "../shared/container/differences.ts";
import { containersQuery } from "../shared/engine.ts";
import { diffJob } from "./job/diff.ts";
import { jobKey, type JobSpec, type JobState } from "./job/spec.ts";
import { jobsQuery, kind, readJobs } from "./job/state.ts";
import { jobSteps } from "./job/steps.ts";

export type { JobContainer, JobSpec, JobState } from "./job/spec.ts";

export const job: Kind<JobSpec, JobState> = {
  id: kind,
  summary: "A command of an app that a timer of systemd starts, in a container of its own.",
  declaredIn: ["/apps/jobs"],
  name: (spec) => spec.job,
  key: (spec) => jobKey(spec.app, spec.job),
  needs: ({ app, container: { networks } }) => [
    { kind: "app/image", name: "", app },
    ...(networks === "host" ? [] : networks.map(({ name }) => ({ kind: "app/network", name }))),
  ],
  observe: (about) => [containersQuery, jobsQuery(about)],
  read: readJobs,
  owner: ({ app, family, job: name }) => ({ app, family, name }),
  diff: diffJob,
  apply: ({ want, have }, facts) => jobSteps(want, have, facts),
  redact: (state) => ({
    ...state,
    containers: state.containers.map((c) => ({ ...c, fields: redactFields(c.fields) })),
  }),
};
