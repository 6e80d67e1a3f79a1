/**
 * Times by the five fields of cron as systemd says them, one expression each for `OnCalendar=`; they mean those that any of
 * them does. Throws RangeError for what systemd has no words for.
 */
export function calendarOf(schedule: string, timezone: string): readonly string[] {
  const texts = schedule.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = texts;
  if (texts.length !== 5) throw new RangeError(`'${schedule}' is no schedule of cron`);
  const time = `${setText(hour, hours)}:${setText(minute, minutes)}:00 ${timezone}`;
  const months = setText(month, monthsOfYear);
  const [anyDay, anyWeekday] = [isAny(day), isAny(weekday)];
  // Where both are said, either will do.
  const byDay = anyDay && !anyWeekday ? [] : dayTexts(day, months);
  const byWeekday = anyWeekday ? [] : [`${weekdaysText(weekday)} *-${months}-*`];
  return [...byDay, ...byWeekday].map((date) => `${date} ${time}`);
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly words?: readonly string[];
}

const minutes: Field = { name: "minute", from: 0, to: 59 };
const hours: Field = { name: "hour", from: 0, to: 23 };
const daysOfMonth: Field = { name: "day", from: 1, to: 31 };
const monthsOfYear: Field = {
  name: "month",
  from: 1,
  to: 12,
  words: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
/** Sunday is 0 and 7. */
const weekdays: Field = {
  name: "weekday",
  from: 0,
  to: 7,
  words: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};
const weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const isAny = (text: string): boolean => text === "*" || text === "?";

/** `L` is the last day of a month. */
function dayTexts(text: string, months: string): readonly string[] {
  const parts = text.split(",");
  const numbered = parts.filter((part) => part.toUpperCase() !== "L");
  return [
    ...(numbered.length === 0 ? [] : [`*-${months}-${setText(numbered.join(","), daysOfMonth)}`]),
    ...(numbered.length === parts.length ? [] : [`*-${months}~01`]),
  ];
}

function weekdaysText(text: string): string {
  const days = new Set([...numbersOf(text, weekdays)].map((day) => day % 7));
  return [...days]
    .toSorted((a, b) => a - b)
    .map((day) => weekdayNames[day])
    .join(",");
}

/** `*`, `03`, `00,15,30..35` */
function setText(text: string, field: Field): string {
  if (isAny(text)) return "*";
  const numbers = [...numbersOf(text, field)].toSorted((a, b) => a - b);
  const spans: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = spans.at(-1);
    if (last?.to === number - 1) last.to = number;
    else spans.push({ from: number, to: number });
  }
  return spans
    .map(({ from, to }) => (from === to ? two(from) : `${two(from)}..${two(to)}`))
    .join(",");
}

const two = (number: number): string => String(number).padStart(2, "0");

function numbersOf(text: string, field: Field): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const [, any, first = "", last = first, step = "1"] =
      /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    const isAll = any !== undefined;
    const from = isAll ? field.from : numberOf(first, field, part);
    const to = isAll ? lastOf(field) : numberOf(last, field, part);
    const by = Number(step);
    if (by < 1 || to < from) throw unsaid(part, field);
    for (let number = from; number <= to; number += by) numbers.add(number);
  }
  return numbers;
}

/** Stepping through all weekdays ends with Saturday. */
const lastOf = (field: Field): number => (field === weekdays ? 6 : field.to);

function numberOf(text: string, field: Field, part: string): number {
  const word = field.words?.indexOf(text.toUpperCase()) ?? -1;
  const number = word >= 0 ? word + field.from : /^\d{1,2}$/.test(text) ? Number(text) : -1;
  if (number < field.from || number > field.to) throw unsaid(part, field);
  return number;
}

const unsaid = (part: string, { name }: Field): RangeError =>
  new RangeError(`a timer has no words for '${part}' as the ${name}`);
