import { parseDuration } from "../lib/duration.ts";
import { endOfRun, momentOf, parseSchedule, sayMoment } from "../lib/schedule.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Documents, Locator } from "../model/documents.ts";

/** Why nothing new is let through at a moment, and until when. */
export interface Closure {
  readonly code: "freeze" | "paused";
  /** `frozen until Mon 07:00 Europe/Berlin (weekend), slipway.yaml:12` */
  readonly text: string;
  readonly where: Where;
  /** Milliseconds since 1970; undefined: not before the repo says otherwise. */
  readonly untilMs?: number;
}

export interface Closures {
  readonly fleet?: Closure;
  /** By family, also those that only the fleet's closure closes. */
  readonly apps: ReadonlyMap<string, Closure>;
}

export const noClosures: Closures = { apps: new Map() };

/** What freezes and pauses keep from being tried at a moment. */
export function closuresOf(documents: Documents, nowMs: number): Closures {
  const { settings, settingsAt, families } = documents;
  const ofFleet = timesOf(settings, settingsAt);
  const fleet = closureOf(ofFleet, nowMs);
  const apps = [...families].flatMap(([family, { file, at }]) => {
    const closure = closureOf([...ofFleet, ...timesOf(file, at)], nowMs);
    return closure === undefined ? [] : [[family, closure] as const];
  });
  return { ...(fleet === undefined ? {} : { fleet }), apps: new Map(apps) };
}

type Declaring = Pick<Documents["settings"], "freeze" | "paused">;

/** One freeze or pause of the repo. */
interface Time extends Pick<Closure, "code" | "where"> {
  readonly reason?: string;
  readonly timezone: string;
  /** When it ends, where it is on at a moment: Infinity without an end in sight. */
  endAt(ms: number): number | undefined;
}

function timesOf({ freeze = [], paused }: Declaring, at: Locator): readonly Time[] {
  const frozen = freeze.map(({ schedule, for: length, timezone = "UTC", reason }, index): Time => {
    const times = parseSchedule(schedule, timezone);
    const lengthMs = parseDuration(length);
    return {
      code: "freeze",
      where: at(["freeze", index]),
      timezone,
      ...(reason === undefined ? {} : { reason }),
      endAt: (ms) => endOfRun(times, lengthMs, ms),
    };
  });
  if (paused === undefined) return frozen;
  const untilMs = paused.until === undefined ? Infinity : (momentOf(paused.until) ?? Infinity);
  const pause: Time = {
    code: "paused",
    where: at(["paused"]),
    timezone: "UTC",
    reason: paused.reason,
    endAt: (ms) => (ms < untilMs ? untilMs : undefined),
  };
  return [...frozen, pause];
}

const turnLimit = 100;

function closureOf(times: readonly Time[], nowMs: number): Closure | undefined {
  const on = times.flatMap((time) => {
    const endMs = time.endAt(nowMs);
    return endMs === undefined ? [] : [{ time, endMs }];
  });
  const [last] = on.toSorted((a, b) => (a.endMs === b.endMs ? 0 : b.endMs - a.endMs));
  if (last === undefined) return undefined;
  const untilMs = endOfAll(times, last.endMs);
  const { code, where, timezone, reason } = last.time;
  const verb = code === "freeze" ? "frozen" : "paused";
  const until = Number.isFinite(untilMs) ? ` until ${sayMoment(untilMs, nowMs, timezone)}` : "";
  const why = reason === undefined ? "" : ` (${reason})`;
  return {
    code,
    text: `${verb}${until}${why}, ${where.file}:${where.line}`,
    where,
    ...(Number.isFinite(untilMs) ? { untilMs } : {}),
  };
}

/** What ends when another has begun goes on with that. */
function endOfAll(times: readonly Time[], firstMs: number): number {
  let endMs = firstMs;
  for (let turn = 0; turn < turnLimit && Number.isFinite(endMs); turn++) {
    const further = Math.max(...times.map((time) => time.endAt(endMs) ?? endMs));
    if (further === endMs) return endMs;
    endMs = further;
  }
  return Number.isFinite(endMs) ? endMs : Infinity;
}
