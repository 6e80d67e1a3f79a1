import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import type { Planned } from "../../src/pass/planning.ts";
import { stillPlan } from "../../src/pass/look-from.ts";
import { changeOf } from "../support/changes.ts";
import { planOf } from "./facts.ts";

test("where nothing may be done, nothing is: not even what holds nothing up", () => {
  const turn = {
    machine: "web-1",
    changes: [changeOf("web-1", "machine/certification", undefined, "shop.test")],
  };
  const full = planOf([], {
    settings: [turn],
    machines: [turn],
    trials: [turn],
    cleanup: [turn],
    afterwards: [turn],
    reboots: [turn],
    awaiting: ["machine/web-1/proxy"],
  });
  const { plan } = stillPlan({ plan: full } as Planned);
  assert.deepEqual(changesOf(plan), []);
  assert.deepEqual(plan.awaiting, []);
});
