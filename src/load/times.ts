import type { AppFile } from "../generated/app.ts";
import { isTimezone, knownTimezones, momentOf, parseSchedule } from "../lib/schedule.ts";
import { didYouMean } from "../lib/suggest.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Report } from "./findings.ts";
import type { Reading } from "./reading.ts";

/** Any moment will do to see whether a schedule ever comes. */
const someMs = Date.UTC(2026, 0, 1);

/** Whether freezes and pauses, of the fleet or an app, say times that there are. */
export function checkTimes(
  { fields, at }: Pick<Reading<Pick<AppFile, "freeze" | "paused">>, "fields" | "at">,
  report: Report,
): void {
  for (const [index, time] of (fields.freeze ?? []).entries()) {
    // What could not be read is no map here.
    const { schedule, timezone = "UTC" }: Partial<typeof time> = time ?? {};
    checkTimezone(timezone, at(["freeze", index, "timezone"]), report);
    const why = schedule === undefined ? undefined : scheduleProblem(schedule);
    if (why !== undefined) report("bad-schedule", at(["freeze", index, "schedule"]), why);
  }
  const until = fields.paused?.until;
  if (until !== undefined && momentOf(until) === undefined)
    report("bad-date", at(["paused", "until"]), `there is no ${until}`);
}

export function checkTimezone(timezone: string, where: Where, report: Report): void {
  if (isTimezone(timezone)) return;
  const zones = knownTimezones();
  report(
    "unknown-timezone",
    where,
    () => `there is no time zone '${timezone}'${didYouMean(timezone, zones)}`,
  );
}

export function scheduleProblem(schedule: string): string | undefined {
  try {
    const isEver = parseSchedule(schedule).next(someMs) !== undefined;
    return isEver ? undefined : `'${schedule}' never comes`;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
