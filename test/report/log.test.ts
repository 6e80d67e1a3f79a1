import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createLog, type Level, logEvent, type LogOptions } from "../../src/report/log.ts";
import { reverted } from "./data.ts";

function written(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({
    write: (line) => void lines.push(line),
    format: "plain",
    level: "info",
    now: () => Date.parse("2026-03-01T12:00:00.000Z"),
    ...options,
  });
  return { log, lines };
}

suite("log", () => {
  test("plain", () => {
    const { log, lines } = written();
    log.info("planned", { revision: "3f2a1bc", changes: 2 });
    log.warn("two\nlines \u001b[31mred", { text: "a\u0007b" });
    assert.deepEqual(lines, [
      '2026-03-01T12:00:00.000Z info  planned revision="3f2a1bc" changes=2\n',
      '2026-03-01T12:00:00.000Z warn  two lines red text="a\\\\x07b"\n',
    ]);
  });

  test("JSON, in which no field takes the place of the entry's own", () => {
    const { log, lines } = written({ format: "json" });
    log.error("failed", { level: "info", time: "never", machine: "web-1" });
    assert.deepEqual(JSON.parse(lines[0] ?? ""), {
      level: "error",
      time: "2026-03-01T12:00:00.000Z",
      machine: "web-1",
      text: "failed",
    });
  });

  const leastFirst: readonly [Level, number][] = [
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
  ];
  for (const [level, count] of leastFirst) {
    test(`${level} and above: ${count}`, () => {
      const { log, lines } = written({ level });
      log.debug("d");
      log.info("i");
      log.warn("w");
      log.error("e");
      assert.equal(lines.length, count);
    });
  }

  test("secrets are taken out of texts and fields", () => {
    const { log, lines } = written({ redact: (text) => text.replaceAll("s3cret", "[secret]") });
    log.info("password s3cret", { also: "s3cret" });
    assert.doesNotMatch(lines.join(), /s3cret/);
  });

  test("an outcome that is no success is an error", () => {
    const { log, lines } = written({ level: "error" });
    logEvent(log, { type: "outcome", outcome: reverted });
    assert.match(lines[0] ?? "", /error aaaabbbb reverted: app\/shop still at 9d8c7b6a/);
  });
});
