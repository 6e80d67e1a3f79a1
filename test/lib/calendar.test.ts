import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { calendarOf } from "../../src/lib/calendar.ts";
import { parseSchedule } from "../../src/lib/schedule.ts";

describe("a schedule of cron as systemd says it", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["0 3 * * *", ["*-*-* 03:00:00 UTC"]],
    ["* * * * *", ["*-*-* *:*:00 UTC"]],
    ["*/15 8-17 * * 1-5", ["Mon,Tue,Wed,Thu,Fri *-*-* 08..17:00,15,30,45:00 UTC"]],
    ["0 0 1 JAN,jul *", ["*-01,07-01 00:00:00 UTC"]],
    ["0 0 L * *", ["*-*~01 00:00:00 UTC"]],
    ["0 0 1,L * *", ["*-*-01 00:00:00 UTC", "*-*~01 00:00:00 UTC"]],
    ["0 0 13 * FRI", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]],
    ["0 0 * * 7", ["Sun *-*-* 00:00:00 UTC"]],
  ];
  for (const [schedule, said] of cases)
    test(schedule, () => assert.deepEqual(calendarOf(schedule, "UTC"), said));

  for (const schedule of ["0 3 15W * *", "0 3 * * 5#2", "0 3 * * 5L", "0 3 LW * *", "0 3 1 * +1"])
    test(`has no words for ${schedule}`, () =>
      assert.throws(() => calendarOf(schedule, "UTC"), RangeError));

  test("says the time zone", () =>
    assert.deepEqual(calendarOf("30 2 * * *", "Europe/Berlin"), ["*-*-* 02:30:00 Europe/Berlin"]));

  test("means the same times", () =>
    fc.assert(
      fc.property(anySchedule, anyMinute, (schedule, from) => {
        const wanted = parseSchedule(schedule).next(from);
        fc.pre(wanted !== undefined && wanted - from < 800 * dayMs);
        assert.equal(nextOf(calendarOf(schedule, "UTC"), from), wanted);
      }),
      { numRuns: 500 },
    ));
});

const [minuteMs, dayMs] = [60_000, 86_400_000];

const anyMinute = fc
  .integer({ min: Date.UTC(2024, 0, 1) / minuteMs, max: Date.UTC(2032, 0, 1) / minuteMs })
  .map((minute) => minute * minuteMs);

const anyField = (from: number, to: number): fc.Arbitrary<string> => {
  const number = fc.integer({ min: from, max: to });
  const range = fc
    .tuple(number, number, fc.integer({ min: 1, max: to - from }), fc.boolean())
    .map(([a, b, step, isStepped]) => {
      const span = `${Math.min(a, b)}-${Math.max(a, b)}`;
      return isStepped ? `${span}/${step}` : span;
    });
  const step = fc.integer({ min: 1, max: to - from }).map((by) => `*/${by}`);
  const list = fc.array(fc.oneof(number.map(String), range, step), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    fc.constant("*"),
    list.map((parts) => parts.join(",")),
  );
};

const anySchedule = fc
  .tuple(
    anyField(0, 59),
    anyField(0, 23),
    fc.oneof(anyField(1, 31), fc.constantFrom("L", "5,L")),
    fc.oneof(anyField(1, 12), fc.constantFrom("JAN-MAR", "feb")),
    fc.oneof(anyField(0, 7), fc.constantFrom("MON-FRI", "sun", "7")),
  )
  .map((fields) => fields.join(" "));

/** The first time after a minute that any of the expressions means. */
function nextOf(expressions: readonly string[], from: number): number | undefined {
  const parsed = expressions.map(parse);
  const first = Math.floor(from / dayMs) * dayMs;
  for (let day = first; day < first + 801 * dayMs; day += dayMs) {
    const times = parsed
      .filter(({ isDay }) => isDay(new Date(day)))
      .flatMap(({ times: all }) => all.map((minute) => day + minute * minuteMs))
      .filter((time) => time > from);
    if (times.length > 0) return Math.min(...times);
  }
  return undefined;
}

function parse(expression: string) {
  const [, weekdays, months = "", mark, days = "", hours = "", minutes = ""] =
    /^(?:([A-Z][A-Za-z,]*) )?\*-([^-~]+)([-~])(\S+) ([^:]+):([^:]+):00 UTC$/.exec(expression) ?? [];
  assert.ok(mark !== undefined, expression);
  const isDay = (date: Date): boolean => {
    const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    const weekday = date.toUTCString().slice(0, 3);
    const day = mark === "~" ? last + 1 - date.getUTCDate() : date.getUTCDate();
    const isOne = weekdays === undefined || weekdays.split(",").includes(weekday);
    return isOne && has(months, date.getUTCMonth() + 1) && has(days, day);
  };
  const all = Array.from({ length: 1440 }, (_, minute) => minute);
  const isTime = (minute: number): boolean =>
    has(hours, Math.floor(minute / 60)) && has(minutes, minute % 60);
  return { isDay, times: all.filter(isTime) };
}

const has = (set: string, number: number): boolean =>
  set === "*" ||
  set.split(",").some((part) => {
    const [from = 0, to = from] = part.split("..").map(Number);
    return number >= from && number <= to;
  });
