import assert from "node:assert/strict";
import { test } from "node:test";
import { cutAtWord } from "../../src/lib/text.ts";
import { sayApp, sayHeld, saySwitches } from "../../src/model/saying.ts";

const githubLimit = 140;
const longest = "a".repeat(40);

test("what a failed app needs is in the status, however long its name is", () => {
  const said = sayApp({
    family: longest,
    outcome: "held",
    text: "not healthy in 60 s (last probe: GET /up answered 500)",
    machines: ["web-1"],
    imageDigests: [],
    changes: 0,
    good: "1".repeat(40),
  });
  assert.ok(cutAtWord(said, githubLimit).includes(`needs Slipway-Retry: app/${longest}`), said);
});

test("what is held says first what it needs, and what it is where nothing helps", () => {
  const needs = `Slipway-Allow: delete app/${longest}`;
  const text = "would go, and with it most of web-1 ".repeat(3);
  assert.ok(cutAtWord(sayHeld({ text, needs }), githubLimit).startsWith(`needs ${needs}: would`));
  assert.equal(sayHeld({ text: "held" }), "held");
});

const counts = { served: 0, failed: 0, drained: 0, cut: 0 };
const switches: readonly (readonly [seen: Partial<typeof counts>, text: string])[] = [
  [{}, "no request during the switch"],
  [{ served: 1 }, "1 request served during the switch, none failed"],
  [{ served: 1_234_567 }, "1,234,567 requests served during the switch, none failed"],
  [{ failed: 2 }, "0 requests served during the switch, 2 failed"],
  [{ drained: 1 }, "no request during the switch; 1 connection drained"],
  [{ cut: 1_000 }, "no request during the switch; 0 connections drained, 1,000 cut"],
];

for (const [seen, text] of switches)
  test(`of a switch is said: ${text}`, () => {
    assert.equal(saySwitches([{ ...counts, ...seen }]), text);
  });
