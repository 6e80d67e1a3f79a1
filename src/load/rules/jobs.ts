import { calendarOf } from "../../lib/calendar.ts";
import { variantsOf } from "../expand.ts";
import { checkTimezone, scheduleProblem } from "../times.ts";
import type { Rule } from "./repo.ts";

export const jobsHaveTimes: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const [name, job] of Object.entries(fields.jobs ?? {})) {
        // What could not be read is no map here.
        const { schedule, timezone = "UTC" }: Partial<typeof job> = job ?? {};
        checkTimezone(timezone, at(["jobs", name, "timezone"]), report);
        const why = schedule === undefined ? undefined : problemOf(schedule);
        if (why !== undefined) report("bad-schedule", at(["jobs", name, "schedule"]), why);
      }
    }
  }
};

function problemOf(schedule: string): string | undefined {
  const why = scheduleProblem(schedule);
  if (why !== undefined) return why;
  try {
    calendarOf(schedule, "UTC");
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
