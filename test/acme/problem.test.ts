import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retryAfterMs } from "../../src/acme/account.ts";
import type { AcmeTrouble } from "../../src/acme/error.ts";
import { errorOf, problemOf } from "../../src/acme/problem.ts";

const urn = "urn:ietf:params:acme:error:";
const authority = "ca.example";
const host = "shop.example.com";

describe("what an authority says went wrong", () => {
  const cases: readonly (readonly [type: string, trouble: AcmeTrouble, text: RegExp])[] = [
    ["rateLimited", "limited", /^ca\.example gives no more certificates for now: why$/],
    ["dns", "unproven", /finds no usable DNS record for shop\.example\.com: why$/],
    ["connection", "unproven", /cannot connect to shop\.example\.com \(its DNS .* port 80/],
    ["unauthorized", "unproven", /under shop\.example\.com; does its DNS lead to/],
    ["incorrectResponse", "unproven", /something else than our answer/],
    ["caa", "refused", /^the CAA records of shop\.example\.com do not let ca\.example/],
    ["rejectedIdentifier", "refused", /does not certify such a name: why$/],
    ["externalAccountRequired", "refused", /opened elsewhere/],
    ["serverInternal", "unreachable", /trouble of its own: why$/],
    ["malformed", "refused", /^ca\.example says malformed: why$/],
  ];
  for (const [type, trouble, text] of cases)
    it(`${type}: ${trouble}`, () => {
      const problem = problemOf({ type: urn + type, detail: "why" });
      const error = errorOf(problem, { authority, host, status: 400 });
      assert.equal(error.trouble, trouble);
      assert.equal(error.host, host);
      assert.match(error.message, text);
    });

  it("is told by the status where there are no words", () => {
    const of = (status: number, json?: string): string =>
      errorOf(problemOf(json), { authority, status }).trouble;
    assert.deepEqual(
      [of(429), of(503), of(404), of(302)],
      ["limited", "unreachable", "refused", "odd"],
    );
    assert.equal(errorOf(undefined, { authority, status: 503 }).message, "ca.example answered 503");
  });

  it("keeps away for as long as it says, or an hour", () => {
    const problem = problemOf({ type: `${urn}rateLimited` });
    const limited = (ms?: number) =>
      errorOf(problem, { authority, status: 429, retryAfterMs: ms }).retryAfterMs;
    assert.deepEqual([limited(5000), limited()], [5000, 3_600_000]);
  });

  it("is one short line, with what it says of each host", () => {
    const problem = problemOf({
      type: `${urn}compound`,
      detail: `two\nhosts\u001b[2J`,
      subproblems: [{ detail: "first" }, 7, { detail: "x".repeat(9000) }],
    });
    assert.match(problem?.detail ?? "", /^two hosts; first; x+…$/);
    assert.equal(problem?.detail.length, 400);
    for (const json of [undefined, null, 1, "x", [], {}, { type: 1 }])
      assert.equal(problemOf(json), undefined);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-26T00:00:00Z");
  const cases: readonly (readonly [header: string | undefined, ms: number | undefined])[] = [
    [undefined, undefined],
    ["0", 0],
    ["120", 120_000],
    ["Thu, 26 Nov 2026 00:00:30 GMT", 30_000],
    ["Thu, 26 Nov 2020 00:00:30 GMT", 0],
    ["soon", undefined],
  ];
  for (const [header, ms] of cases)
    it(`${header}: ${ms}`, () => assert.equal(retryAfterMs(header, now), ms));
});
