import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answersSince, verdictOn, type Answers } from "../../../src/apply/traffic/judge.ts";

const answers = (requests: number, errors = 0, latencyMs = 5): Answers => ({
  requests,
  errors,
  latencyMs,
});

describe("a version behind the proxy", () => {
  const cases: readonly [string, Answers, Answers, RegExp | undefined][] = [
    ["that nobody asks is fine", answers(0), answers(100), undefined],
    ["that answers is fine", answers(100), answers(100), undefined],
    ["may fail now and then", answers(100, 5), answers(100), undefined],
    [
      "that fails too often is not",
      answers(100, 6),
      answers(100),
      /6 of 100 requests failed \(6 %/,
    ],
    ["is not judged by two answers", answers(2, 2), answers(100), undefined],
    ["that fails always is not", answers(3, 3), answers(0), /3 of 3 requests failed \(100 %/],
    ["may fail as the one before did", answers(100, 10), answers(100, 9), undefined],
    ["that fails much more than the one before is not", answers(100, 30), answers(100, 9), /30 %/],
    ["may be slow as long as nobody knows", answers(19, 0, 900), answers(9), undefined],
    ["that is slow is not", answers(20, 0, 900), answers(9), /900 ms on average \(500 ms/],
  ];
  for (const [says, own, former, wanted] of cases) {
    test(says, () => {
      const verdict = verdictOn(own, former, { maxErrors: 0.05, maxLatencyMs: 500 });
      if (wanted === undefined) assert.equal(verdict, undefined);
      else assert.match(verdict ?? "", wanted);
    });
  }
});

describe("what a container answered in a slot that another had", () => {
  /** As HAProxy keeps the mean of a slot. */
  const slotWith = (latencies: readonly number[]): Answers => {
    let sum = 0;
    for (const [count, latency] of latencies.entries())
      sum += latency - (count >= 512 ? sum / 512 : 0);
    const of = Math.min(512, latencies.length);
    return answers(latencies.length, 0, of === 0 ? 0 : Math.ceil(sum / of));
  };
  const many = (count: number, latency: number): readonly number[] =>
    Array.from({ length: count }, () => latency);

  for (const [before, now] of [
    [0, 30],
    [30, 30],
    [500, 100],
    [5_000, 20],
    [5_000, 3_000],
  ] as const) {
    test(`is never said to be slower than it was: ${now} after ${before}`, () => {
      const start = slotWith(many(before, 900));
      const fast = answersSince(start, slotWith([...many(before, 900), ...many(now, 5)]));
      assert.deepEqual([fast.requests, fast.latencyMs <= 5], [now, true], `${fast.latencyMs}`);
      const slow = answersSince(
        slotWith(many(before, 5)),
        slotWith([...many(before, 5), ...many(now, 900)]),
      );
      assert.ok(slow.latencyMs > 800 && slow.latencyMs <= 900, `${slow.latencyMs}`);
    });
  }

  test("counts from nothing where the proxy started anew", () => {
    assert.deepEqual(answersSince(answers(50, 3, 9), answers(10, 1, 7)), answers(10, 1, 7));
  });
});
