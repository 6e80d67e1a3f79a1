import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { columnsOf } from "../../src/lib/text.ts";
import type { Event } from "../../src/model/events.ts";
import { openProgress } from "../../src/report/open-progress.ts";
import * as arbitrary from "./arbitrary.ts";
import { applied, change, revision } from "./data.ts";

const started: Event = {
  type: "change-started",
  change: change("replace", "web-1", "app/container", "1", { app: "shop", family: "shop" }),
};
const address = "machine/web-1/app/shop/container/1";

const escape = "\u001b";
const sequences = new RegExp(`(${escape}\\[\\d*[A-Za-z]|\n|\r)`);

/** A screen that obeys the few sequences that the live view uses, and refuses all others. */
function terminal(columns: number) {
  const lines: string[] = [""];
  let row = 0;
  const obey = (text: string): void => {
    for (const part of text.split(sequences)) {
      const up = part.startsWith(escape) ? /^\[(\d+)A$/.exec(part.slice(1)) : null;
      if (up !== null) row -= Number(up[1]);
      else if (part === `${escape}[J`) lines.splice(row, Infinity, "");
      else if (part === "\n") lines[++row] ??= "";
      else if (part === "" || part === "\r") continue;
      else if (part.startsWith(escape)) assert.fail(`unexpected ${JSON.stringify(part)}`);
      else lines[row] += part;
      assert.ok(row >= 0, "moved above the first line");
    }
  };
  return { isTerminal: true, columns, write: obey, lines };
}

function clockwork() {
  let now = 0;
  let call: (() => void) | undefined;
  return {
    now: () => now,
    every: (_ms: number, each: () => void) => {
      call = each;
      return () => (call = undefined);
    },
    pass: (ms: number) => {
      now += ms;
      call?.();
    },
    isRunning: () => call !== undefined,
  };
}

suite("progress", () => {
  test("where there is no terminal: one plain line an event, no sequences", () => {
    let written = "";
    const clock = clockwork();
    const progress = openProgress(
      { isTerminal: false, columns: 80, write: (text) => (written += text) },
      clock,
    );
    progress.listen({ type: "stage", stage: "observe", text: "asking 3 machines" });
    progress.listen({ type: "planned", revision, changes: 1 });
    progress.listen(started);
    progress.listen({ type: "progress", address, text: "probing GET /up: 500" });
    progress.listen({ type: "change-done", address, durationMs: 3210 });
    progress.listen({ type: "drift", address, text: "was stopped by hand" });
    progress.listen({
      type: "trouble",
      trouble: { machine: "web-2", class: "unreachable", text: "timed out" },
    });
    progress.listen({ type: "outcome", outcome: applied });
    progress.end();
    assert.equal(clock.isRunning(), false);
    assert.deepEqual(written.split("\n"), [
      "observe: asking 3 machines",
      "3f2a1bc0: 1 change",
      `replace ${address}: not there yet`,
      `  ${address}: probing GET /up: 500`,
      `✓ ${address} 3.2 s`,
      `! ${address}: was stopped by hand`,
      "… web-2: unreachable: timed out",
      "✓ applied 3f2a1bc0 Raise the memory of shop (4 changes in 12.3 s)",
      "  shop live on web-1, web-2 (0123456789ab)",
      "",
    ]);
  });

  test("on a terminal: what runs is drawn anew below what is final", () => {
    const screen = terminal(60);
    const clock = clockwork();
    const progress = openProgress(screen, clock);
    progress.listen({ type: "stage", stage: "apply", text: "" });
    progress.listen(started);
    clock.pass(4000);
    progress.listen({
      type: "progress",
      address,
      text: "probing GET /up: 500 and a long story that does not fit",
    });
    clock.pass(1000);
    assert.deepEqual(screen.lines, [
      "apply",
      "⠹ machine/web-1/app/shop/container/1 5.0 s: probing GET /u…",
      "",
    ]);
    progress.listen({ type: "change-failed", address, text: "unhealthy" });
    assert.deepEqual(screen.lines, [`✗ ${address}: unhealthy`, "⠹ apply", ""]);
    progress.listen({ type: "outcome", outcome: applied });
    progress.end();
    progress.end();
    progress.listen(started);
    assert.deepEqual(screen.lines, [
      `✗ ${address}: unhealthy`,
      "✓ applied 3f2a1bc0 Raise the memory of shop (4 changes in 12.3 s)",
      "  shop live on web-1, web-2 (0123456789ab)",
      "",
    ]);
    assert.equal(clock.isRunning(), false);
  });

  test("whatever happens, no drawn line is wider than the terminal and nothing unfinished stays", () => {
    fc.assert(
      fc.property(fc.array(arbitrary.event, { maxLength: 8 }), (events) => {
        const screen = terminal(40);
        const clock = clockwork();
        const progress = openProgress(screen, clock);
        for (const event of events) {
          progress.listen(event);
          clock.pass(100);
          const drawn = screen.lines.filter((line) => /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line));
          for (const line of drawn) assert.ok(columnsOf(line) < 40, line);
        }
        progress.end();
        assert.ok(screen.lines.every((line) => !/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line)));
      }),
      { numRuns: 60 },
    );
  });

  test("a hundred at once take eight lines and a count", () => {
    const screen = terminal(80);
    const progress = openProgress(screen, clockwork());
    for (let i = 0; i < 100; i++) {
      progress.listen({
        type: "change-started",
        change: change("create", `web-${i}`, "app/image", "shop"),
      });
    }
    assert.equal(screen.lines.length, 10);
    assert.match(screen.lines.at(-2) ?? "", /and 92 more/);
    progress.end();
  });
});
