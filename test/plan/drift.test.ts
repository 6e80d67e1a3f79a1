import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutUnhealed } from "../../src/plan/drift.ts";
import type { FamilyPolicy } from "../../src/plan/order.ts";
import { changeOf } from "../support/changes.ts";

const policy: FamilyPolicy = { after: [], onFailure: "revert", batch: 1, drift: "report" };
const input = {
  policies: new Map([["shop", policy]]),
  settled: new Map([["web-1", new Set(["shop"])]]),
  suspended: new Set<string>(),
};
const change = (code: string, machine = "web-1") =>
  changeOf(machine, "app/container", "shop", "1", { reason: { code, text: code } });

test("what was as declared and is no longer, is only told of", () => {
  const { changes, held } = withoutUnhealed([change("stopped")], input);
  assert.deepEqual([changes.length, held.map((h) => h.code)], [0, ["drift"]]);
});

test("what a commit asks for anew is done: on a machine that is new to it, or under a new name", () => {
  for (const one of [change("missing", "web-2"), change("app-renamed")])
    assert.deepEqual(withoutUnhealed([one], input).changes, [one]);
});
