import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Event } from "../../src/model/events.ts";
import { findingsText } from "../../src/report/findings-text.ts";
import { historyText } from "../../src/report/history-text.ts";
import {
  findingsDocument,
  historyDocument,
  jsonText,
  planDocument,
} from "../../src/report/json.ts";
import { createLog, logEvent } from "../../src/report/log.ts";
import { planMarkdown } from "../../src/report/markdown.ts";
import { outcomeText } from "../../src/report/outcome-text.ts";
import { planText } from "../../src/report/plan-text.ts";
import { progressLine } from "../../src/report/progress.ts";
import { painter } from "../../src/report/style.ts";
import { psText, statusText } from "../../src/report/status-text.ts";
import { whyText } from "../../src/report/why-text.ts";
import * as arbitrary from "./arbitrary.ts";

const now = Date.parse("2026-03-01T12:00:00.000Z");

const escape = "\u001b";
const ours = new RegExp(`${escape}\\[(?:1|2|3[1-3]|22|39)m`, "g");

/** Line ends are ours; colours are ours where they were asked for. */
function assertHarmless(shown: string, colour: boolean): void {
  const withoutOurs = colour ? shown.replaceAll(ours, "") : shown;
  const obeyed = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{feff}\u{200b}]/u.exec(
    withoutOurs,
  );
  assert.equal(obeyed, null, `${JSON.stringify(obeyed?.[0])} in ${JSON.stringify(shown)}`);
}

const holds = <T>(of: fc.Arbitrary<T>, view: (value: T, colour: boolean) => string): void => {
  fc.assert(
    fc.property(of, fc.boolean(), (value, colour) => {
      assertHarmless(view(value, colour), colour);
    }),
    { numRuns: 60 },
  );
};

suite("nothing that others wrote is obeyed by a terminal", () => {
  const reach = fc.array(
    fc.record({
      by: fc.constant("route" as const),
      app: arbitrary.text,
      machines: fc.array(arbitrary.text),
      what: arbitrary.text,
      who: arbitrary.text,
      where: arbitrary.text,
      isPublic: fc.boolean(),
    }),
    { maxLength: 2 },
  );
  test("plan", () =>
    holds(fc.tuple(arbitrary.plan, reach), ([plan, r], colour) =>
      planText(plan, { colour, reach: r, columns: 80 }),
    ));
  test("plan as Markdown", () =>
    holds(arbitrary.plan, (plan) => planMarkdown(plan, { fleet: "acme" })));
  test("why", () =>
    holds(fc.tuple(arbitrary.plan, arbitrary.text), ([plan, message], colour) => {
      const commit = {
        revision: plan.revision,
        parents: [],
        message,
        author: message,
        committedMs: 0,
      };
      return (
        plan.held.map((h) => whyText(plan, h.address, { now, colour, commit })).join("") +
        whyText(plan, message, { now, colour, commit })
      );
    }));
  test("outcome", () =>
    holds(arbitrary.outcome, (outcome, colour) => outcomeText(outcome, { colour })));
  test("history", () =>
    holds(fc.array(arbitrary.outcome, { maxLength: 3 }), (all, colour) =>
      historyText(all, { now, colour, columns: 90 }),
    ));
  test("status", () =>
    holds(
      arbitrary.status,
      (status, colour) =>
        statusText(status, { now, colour }) + psText(status.apps, { now, colour, columns: 70 }),
    ));
  test("findings", () =>
    holds(arbitrary.findings, (findings, colour) => findingsText(findings, { colour })));
  test("progress", () =>
    holds(arbitrary.event, (event, colour) => progressLine(event, painter(colour)) ?? ""));
  test("JSON", () =>
    holds(
      fc.tuple(arbitrary.plan, arbitrary.outcome, arbitrary.status, arbitrary.findings),
      ([plan, outcome, status, findings]) =>
        [planDocument(plan), historyDocument([outcome]), status, findingsDocument(findings)]
          .map(jsonText)
          .join(""),
    ));
  for (const format of ["plain", "json"] as const) {
    test(`log, ${format}: one line an entry`, () =>
      holds(fc.array(arbitrary.event, { maxLength: 4 }), (events: readonly Event[]) => {
        const lines: string[] = [];
        const log = createLog({
          write: (line) => void lines.push(line),
          format,
          level: "debug",
          now: () => now,
        });
        for (const event of events) logEvent(log, event);
        assert.equal(lines.length, events.length);
        for (const line of lines) assert.match(line, /^[^\n]*\n$/);
        return lines.join("");
      }));
  }
});
