import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isTimezone, momentOf, parseSchedule, sayMoment } from "../../src/lib/schedule.ts";

const at = (text: string): number => Date.parse(text);
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);

const nexts: readonly [string, string, string, string | undefined][] = [
  ["0 17 * * 5", "UTC", "2026-01-02T16:59Z", "2026-01-02T17:00"],
  ["0 17 * * 5", "UTC", "2026-01-02T17:00Z", "2026-01-09T17:00"],
  ["0 17 * * FRI", "Europe/Berlin", "2026-01-01T00:00Z", "2026-01-02T16:00"],
  ["0 17 * * 5", "Europe/Berlin", "2026-07-01T00:00Z", "2026-07-03T15:00"],
  // An hour that the clocks leave out begins with the one after it; one that comes twice counts once.
  ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00"],
  ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T00:30"],
  ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:30Z", "2026-10-26T01:30"],
  ["0  0 30 2 *", "UTC", "2026-01-01T00:00Z", undefined],
];

for (const [schedule, zone, after, wanted] of nexts)
  test(`${schedule} in ${zone} after ${after}: ${wanted ?? "never"}`, () => {
    assert.equal(iso(parseSchedule(schedule, zone).next(at(after))), wanted);
  });

const nonsense: readonly string[] =
  "61 * * * *|* * * *|* * * * * *|@weekly|a b c d e||2026-01-01T00:00:00|5/2 * * * *".split("|");

for (const text of nonsense)
  test(`'${text}' is no schedule`, () => {
    assert.throws(() => parseSchedule(text), RangeError);
  });

test("time zones have names, offsets and inventions are none", () => {
  for (const name of ["UTC", "Europe/Berlin", "America/Sao_Paulo"]) assert.ok(isTimezone(name));
  for (const name of ["", "+01:00", "Europe/Berln", "Mars/Olympus"]) assert.ok(!isTimezone(name));
  assert.throws(() => parseSchedule("0 0 * * *", "Mars/Olympus"), RangeError);
});

const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"];
/** On both sides of the days on which these change their clocks in 2026. */
const anyMoment = fc
  .tuple(
    fc.constantFrom("2026-02-15", "2026-03-08", "2026-03-22", "2026-03-29", "2026-04-05"),
    fc.constantFrom(0, 210, 217, 182),
    fc.integer({ min: -2 * 1440, max: 2 * 1440 }),
  )
  .map(([day, later, minutes]) => at(day) + later * 86_400_000 + minutes * 60_000);

const localDay = (ms: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(ms);

test("what is daily comes once on every day, whatever the clocks do", () => {
  fc.assert(
    fc.property(
      anyMoment,
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: 0, max: 23 }),
      (ms, zone, minute, hour) => {
        const { next } = parseSchedule(`${minute} ${hour} * * *`, zone);
        let moment = next(ms) ?? Number.NaN;
        const days = [localDay(moment, zone)];
        for (let count = 1; count < 5; count++) {
          const then = next(moment) ?? Number.NaN;
          assert.ok(then > moment && then - moment <= 26 * 3_600_000);
          moment = then;
          days.push(localDay(moment, zone));
        }
        assert.equal(new Set(days).size, 5);
      },
    ),
    { numRuns: 200 },
  );
});

test("no time is passed over: what is next after one moment is next after all until it", () => {
  fc.assert(
    fc.property(
      anyMoment,
      fc.constantFrom(...zones),
      fc.constantFrom("*/20 * * * *", "15 1-3 * * *", "30 2 * * 0", "0 * * * *"),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (ms, zone, schedule, part) => {
        const { next } = parseSchedule(schedule, zone);
        const then = next(ms) ?? Number.NaN;
        const between = Math.floor(ms + (then - 1 - ms) * part);
        assert.equal(iso(next(between)), iso(then));
      },
    ),
    { numRuns: 200 },
  );
});

test("a moment is said by the clocks of its zone, with the date where it is far", () => {
  const now = at("2026-12-18T12:00Z");
  assert.equal(sayMoment(at("2026-12-21T06:00Z"), now, "Europe/Berlin"), "Mon 07:00 Europe/Berlin");
  assert.equal(sayMoment(at("2026-12-18T23:00Z"), now, "UTC"), "Fri 23:00 UTC");
  assert.equal(
    sayMoment(at("2027-01-04T06:00Z"), now, "Europe/Berlin"),
    "Mon 4 Jan 2027 07:00 Europe/Berlin",
  );
  assert.equal(sayMoment(at("2026-12-19T00:00Z"), now, "UTC"), "Sat 00:00 UTC");
});

test("a day begins at midnight UTC; what is in no calendar is no moment", () => {
  assert.equal(iso(momentOf("2026-12-24")), "2026-12-24T00:00");
  assert.equal(iso(momentOf("2026-12-24T18:00:00+01:00")), "2026-12-24T17:00");
  assert.equal(iso(momentOf("2028-02-29T00:00Z")), "2028-02-29T00:00");
  for (const text of ["2026-02-30", "2026-13-01", "2026-02-29T00:00Z", "2026-01-01T25:00Z"])
    assert.equal(momentOf(text), undefined, text);
});
