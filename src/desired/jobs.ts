import type { JobSpec } from "../kinds/index.ts";
import { calendarOf } from "../lib/calendar.ts";
import { digestOf } from "../lib/hash.ts";
import { wordsOf } from "../lib/words.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import { containerSpec } from "./container.ts";
import { fieldsOn } from "./names.ts";
import { withoutNames } from "./release.ts";
import { placeOf } from "./secrets.ts";
import { milliseconds } from "./units.ts";
import {
  filesOn,
  isUnclear,
  placementOf,
  referenceOf,
  resourceOf,
  type MachineContext,
  type Work,
} from "./work.ts";

type JobFields = NonNullable<AppDocument["fields"]["jobs"]>[string];

/** A job of an app where it runs. */
export interface PlacedJob {
  readonly app: AppDocument;
  readonly machine: string;
  readonly job: string;
  readonly fields: JobFields;
}

const usualSocket = "/var/run/docker.sock";

/**
 * Once each, on the first machine of its app, or on all of them. What stands beside services is each one's, and runs all the
 * same once: as the service that is called like the file, else as the first of those that have it.
 */
export function placedJobs(apps: readonly AppDocument[]): readonly PlacedJob[] {
  const found = new Map<string, PlacedJob>();
  const inOrder = apps.toSorted(
    (a, b) =>
      Number(a.name !== a.family) - Number(b.name !== b.family) || (a.name < b.name ? -1 : 1),
  );
  for (const app of inOrder) {
    for (const [index, machine] of app.machines.toSorted().entries()) {
      const { jobs = {}, state } = fieldsOn(app, machine);
      if (state === "stopped") continue;
      for (const [job, fields] of Object.entries(jobs)) {
        if (index > 0 && fields.each !== "machine") continue;
        const place = fields.each === "machine" ? machine : "";
        const key = digestOf([app.family, job, fields, place]);
        if (!found.has(key)) found.set(key, { app, machine, job, fields });
      }
    }
  }
  return [...found.values()];
}

export function jobResource(
  { app, machine, job, fields }: PlacedJob,
  context: MachineContext,
  input: Work,
): readonly Resource[] {
  const image = referenceOf(app, machine, input.images);
  if (image === undefined || isUnclear(app, context, input)) return [];
  const files = filesOn(app, machine, context, input);
  const at = placementOf(app, machine, context, image, files, input);
  const container = containerSpec(app, 1, {
    ...at,
    formerly: [],
    gateway: at.gateway ?? "127.0.0.1",
    endsByItself: true,
  });
  if (container === undefined) return [];
  const { fleet, machines } = input.documents;
  const spec: JobSpec = {
    fleet,
    app: app.name,
    family: app.family,
    job,
    times: calendarOf(fields.schedule, fields.timezone ?? "UTC"),
    container: {
      ...container,
      env: { ...container.env, SLIPWAY_JOB: job },
      networks: withoutNames(container.networks),
      ...(fields.command === undefined ? {} : { command: wordsOf(fields.command) }),
      ports: [],
      restart: "no",
      running: true,
      probe: "off",
    },
    deadlineMs: milliseconds(fields.deadline ?? "1h"),
    socket: machines.get(machine)?.fields.engine?.socket ?? usualSocket,
  };
  const path = ["jobs", job];
  const own = Object.keys(fields);
  return [
    {
      ...resourceOf(machine, "app/job", job, spec, app, path),
      at: (field) => placeOf(app, own.includes(field[0] ?? "") ? [...path, ...field] : field),
    },
  ];
}
