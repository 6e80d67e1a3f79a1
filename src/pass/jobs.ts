import { placedJobs, type PlacedJob } from "../desired/jobs.ts";
import { kindOf, unitNames, type JobContainer, type JobState } from "../kinds/index.ts";
import { parseSchedule } from "../lib/schedule.ts";
import type { Documents } from "../model/documents.ts";
import type { Observation } from "../model/observation.ts";
import type { JobRun, JobStatus } from "../model/status.ts";
import { observeFleet } from "../observe/fleet.ts";
import { readLogs } from "../observe/logs.ts";
import { targetsOf } from "./targets.ts";
import type { World } from "./world.ts";

type Observations = ReadonlyMap<string, Observation>;

const kind = kindOf("app/job");

/** What machines have of jobs, and nothing else. */
export const observeJobs = async (world: World, documents: Documents): Promise<Observations> =>
  await observeFleet(world, targetsOf(documents), [kind], documents.fleet);

/** A declared job with what its machine has of it; undefined: nothing is known. */
export interface FoundJob extends PlacedJob {
  readonly state?: JobState;
  /** Its service. */
  readonly unit: string;
}

/** In order of app, name and machine. */
export const jobsIn = (documents: Documents, observations: Observations): readonly FoundJob[] =>
  placedJobs([...documents.apps.values()])
    .map((placed) => {
      const live = observations.get(placed.machine)?.kinds.get(kind.id);
      const states = live?.state === "present" ? live.value : new Map<string, unknown>();
      const state = states.get(`${placed.app.name}/${placed.job}`) as JobState | undefined;
      const unit = unitNames(documents.fleet, placed.app.name, placed.job).service;
      return { ...placed, unit, ...(state === undefined ? {} : { state }) };
    })
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));

const orderOf = ({ app, job, machine }: FoundJob): string => `${app.name} ${job} ${machine}`;

/** How jobs went, and when they run next. */
export const jobStatuses = (jobs: readonly FoundJob[], nowMs: number): readonly JobStatus[] =>
  jobs.map(({ app, job, machine, fields, state }) => {
    const { schedule, timezone = "UTC" } = fields;
    const last = lastOf(state?.containers ?? []);
    const next =
      state?.isActive === true ? parseSchedule(schedule, timezone).next(nowMs) : undefined;
    return {
      app: app.name,
      job,
      machine,
      schedule,
      timezone,
      ...(state?.containers.some((c) => c.running) === true ? { running: true as const } : {}),
      ...(next === undefined ? {} : { next: new Date(next).toISOString() }),
      ...(last === undefined ? {} : { last: runOf(last) }),
    };
  });

const lastOf = (containers: readonly JobContainer[]): JobContainer | undefined =>
  containers
    .filter((c) => c.startedAt !== undefined)
    .toSorted((a, b) => ((a.startedAt ?? "") < (b.startedAt ?? "") ? 1 : -1))[0];

function runOf(container: JobContainer): JobRun {
  const { name, startedAt = "", finishedAt = "", exitCode, running, deadlineMs } = container;
  if (running) return { container: name, startedAt };
  const tookMs = Date.parse(finishedAt) - Date.parse(startedAt);
  const isLate = exitCode !== 0 && tookMs >= deadlineMs;
  return {
    container: name,
    startedAt,
    endedAt: finishedAt,
    exitCode,
    ...(isLate ? { late: true as const } : {}),
  };
}

const mostLines = 5;

/** The same with the last lines of what ended badly; of one that cannot be asked without. */
export async function withLastLines(
  world: World,
  documents: Documents,
  statuses: readonly JobStatus[],
): Promise<readonly JobStatus[]> {
  const targets = targetsOf(documents);
  return await Promise.all(
    statuses.map(async (status) => {
      const { last, machine } = status;
      const target = targets.get(machine);
      if (last === undefined || target === undefined || (last.exitCode ?? 0) === 0) return status;
      const lines: string[] = [];
      try {
        const { container, startedAt } = last;
        // What is quick speaks before the engine says that it has started.
        const since = String(Math.floor(Date.parse(startedAt) / 1_000) - 1);
        const asked = { container, follow: false, since, tail: mostLines };
        const session = await world.remote.session(target);
        for await (const { text } of readLogs(session, asked)) lines.push(text);
      } catch {
        // That it cannot be asked is told of its machine.
      }
      return lines.length === 0 ? status : { ...status, last: { ...last, lines } };
    }),
  );
}
