import type { Difference, Field } from "../../../model/change.ts";
import type { Facts } from "../../../model/resource.ts";
import { createOnlyFields, detachedFrom } from "../../shared/container/differences.ts";
import { difference } from "../../shared/difference.ts";
import { optional } from "../../shared/optional.ts";
import { runScript } from "./script.ts";
import { containerName, type JobContainer, type JobSpec, type JobState } from "./spec.ts";
import { serviceText, timerText, timesIn, unitNames } from "./units.ts";

/** What is on a machine of a job that is declared. */
export interface Situation {
  readonly next?: JobContainer;
  /** What is not needed any more: the last one that ended stays, as it tells how it went. */
  readonly done: readonly JobContainer[];
  /** Whoever should have ended it has gone. */
  readonly overdue: readonly JobContainer[];
}

export function situationOf(
  want: JobSpec | undefined,
  have: JobState | undefined,
  facts: Facts,
): Situation {
  const containers = have?.containers ?? [];
  const name = want && containerName(want);
  const next = containers.find((c) => c.name === name);
  const others = containers.filter((c) => c !== next);
  const ended = others.filter((c) => !c.running).toSorted(byEnd);
  return {
    ...optional("next", next),
    done: want === undefined ? ended : ended.slice(1),
    overdue: containers.filter((c) => isOverdue(c, facts)),
  };
}

const byEnd = (a: JobContainer, b: JobContainer): number => (endOf(a) < endOf(b) ? 1 : -1);

/** Of one that never ran nothing is to be told. */
const endOf = ({ startedAt, finishedAt }: JobContainer): string =>
  startedAt === undefined ? "" : (finishedAt ?? startedAt);

/** Time to be stopped in, and for clocks. */
const marginMs = 5 * 60_000;

function isOverdue({ running, startedAt, deadlineMs, ...c }: JobContainer, facts: Facts): boolean {
  if (!running || startedAt === undefined) return false;
  const graceMs = (c.stopTimeoutSeconds ?? 10) * 1_000 + marginMs;
  return Date.parse(startedAt) + deadlineMs + graceMs < facts.clockMs;
}

export const hasFiles = ({ service, timer, script }: JobState): boolean =>
  [service, timer, script].some((file) => file !== undefined);

export function diffJob(
  want: JobSpec | undefined,
  have: JobState | undefined,
  facts: Facts,
): Difference | undefined {
  const { next, done, overdue } = situationOf(want, have, facts);
  const [late] = overdue;
  const overdueText = late && `${late.name} still runs after its deadline`;
  if (want === undefined) {
    if (have === undefined) return undefined;
    const name = `job ${have.job} of ${have.app}`;
    if (hasFiles(have)) {
      const runs = have.containers.some((c) => c.running);
      const left = runs ? "; the run that is under way is left to end" : "";
      return difference("delete", "undeclared", `${name} is not declared${left}`);
    }
    if (overdueText !== undefined) return difference("delete", "overdue", overdueText);
    const [first] = done;
    return first && difference("delete", "undeclared", `${first.name} is not declared`);
  }
  const name = `job ${want.job} of ${want.app}`;
  if (have?.timer === undefined && have?.service === undefined && next === undefined)
    return difference("create", "missing", `${name} is not on this machine`);
  const fields = [
    ...containerFields(want, have, next, facts),
    ...unitFields(want, have, next, facts),
  ];
  if (fields.length > 0) {
    const { service } = unitNames(want.fleet, want.app, want.job);
    const isEdited = fields.every(({ path }) => path === service || path === "timer");
    return isEdited
      ? difference("update", "edited", `the units of ${name} are not as written`, fields)
      : difference("update", "changed", `${name} is not as declared`, fields);
  }
  if (overdueText !== undefined) return difference("update", "overdue", overdueText);
  const [left] = done;
  return left && difference("update", "left-over", `${left.name} is not needed any more`);
}

/** Against the one that would have run next. */
function containerFields(
  want: JobSpec,
  have: JobState | undefined,
  next: JobContainer | undefined,
  facts: Facts,
): readonly Field[] {
  if (next !== undefined)
    return detachedFrom(want.container, next).map((path) => ({
      path: `networks.${path}`,
      declared: [],
    }));
  const [newest] = have?.containers ?? [];
  if (newest === undefined) return [{ path: "container", declared: containerName(want) }];
  return createOnlyFields(want.container, newest, facts.root);
}

/** What its files are not, and what systemd does not do. */
function unitFields(
  want: JobSpec,
  have: JobState | undefined,
  next: JobContainer | undefined,
  facts: Facts,
): readonly Field[] {
  const { service } = unitNames(want.fleet, want.app, want.job);
  // Of a new container its own fields tell.
  const live = next === undefined ? withContainer(have?.service, want) : have?.service;
  const asWritten = (path: string, declared: string, live: string | undefined): readonly Field[] =>
    live === declared ? [] : [{ path, declared: "as written", ...optional("live", edited(live)) }];
  const times = timesIn(have?.timer ?? "");
  const areSame = times.join("\n") === want.times.join("\n");
  const running = [
    ...(have?.isEnabled === true ? [] : ["not enabled"]),
    ...(have?.isActive === true ? [] : ["stopped"]),
    ...(have?.isStale === true ? ["not read by systemd"] : []),
    ...(have?.timer === timerText(want) || !areSame ? [] : ["edited"]),
  ];
  return [
    ...(areSame ? [] : [{ path: "schedule", declared: want.times, live: times }]),
    ...(running.length === 0
      ? []
      : [{ path: "timer", declared: "waits", live: running.join(", ") }]),
    ...asWritten(service, serviceText(want, facts.root), live),
    ...asWritten("run", runScript, have?.script),
  ];
}

const withContainer = (service: string | undefined, want: JobSpec): string | undefined =>
  service?.replace(/ [a-z0-9-]+-job-[a-z0-9-]+-[0-9a-f]{8} /, ` ${containerName(want)} `);

const edited = (live: string | undefined): string | undefined =>
  live === undefined ? undefined : "otherwise";
