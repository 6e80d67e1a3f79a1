import { Cron } from "croner";

/** Times by the five fields of cron, on the clocks of a time zone. */
export interface Schedule {
  /** The first one after that moment, in milliseconds since 1970; undefined: there is none. */
  next(afterMs: number): number | undefined;
}

/** Throws RangeError for what is no schedule, or no time zone. */
export function parseSchedule(text: string, timezone = "UTC"): Schedule {
  const fields = text.trim().split(/\s+/).join(" ");
  if (!isTimezone(timezone)) throw new RangeError(`'${timezone}' is no time zone`);
  try {
    // Nicknames and single moments are more than is promised here.
    if (fields.split(" ").length !== 5) throw new RangeError("it has five fields");
    const cron = new Cron(fields, { mode: "5-part", timezone, paused: true });
    return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "";
    throw new RangeError(`'${text}' is no schedule of cron: ${why}`, { cause: error });
  }
}

const runLimit = 1_000;

/**
 * When what begins at each of its times and goes on for so long ends, where it is under way at a moment; where it begins
 * anew before it ends, all of that: Infinity without an end in sight.
 */
export function endOfRun({ next }: Schedule, lengthMs: number, ms: number): number | undefined {
  let start = next(ms - lengthMs);
  if (start === undefined || start > ms) return undefined;
  for (let count = 0; count < runLimit; count++) {
    const again = next(start);
    if (again === undefined || again > start + lengthMs) return start + lengthMs;
    start = again;
  }
  return Infinity;
}

export function isTimezone(name: string): boolean {
  // An offset (+01:00) would do as well, and know nothing of the summer.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export const knownTimezones = (): readonly string[] => [
  "UTC",
  ...Intl.supportedValuesOf("timeZone"),
];

const day = 86_400_000;

/** A moment for people: `Mon 07:00 Europe/Berlin`, with the date where it is not within days. */
export function sayMoment(ms: number, nowMs: number, timezone: string): string {
  const isNear = Math.abs(ms - nowMs) < 6 * day;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(isNear ? {} : { day: "numeric", month: "short", year: "numeric" }),
  });
  const found = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const words = ["weekday", "day", "month", "year"].flatMap(
    (type) => found.get(type as Intl.DateTimeFormatPartTypes) ?? [],
  );
  return `${words.join(" ")} ${found.get("hour")}:${found.get("minute")} ${timezone}`;
}

/** The moment that a day or a time with its offset says: a day begins at midnight, UTC. Undefined: there is none such. */
export function momentOf(text: string): number | undefined {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  // Date.parse takes 30 February for 2 March.
  const [year = 0, month = 0, date = 0] = text.slice(0, 10).split("-").map(Number);
  const isDay = new Date(Date.UTC(year, month - 1, date)).getUTCDate() === date;
  return isDay ? ms : undefined;
}
