import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import { withoutWaiting } from "../../src/plan/after.ts";

const change = (family: string | undefined): Change => ({
  address: `machine/web-1/${family}`,
  kind: "app/container",
  machine: "web-1",
  ...(family === undefined ? {} : { family }),
  name: "1",
  action: "update",
  reason: { code: "stopped", text: "" },
  fields: [],
  disruption: { kind: "none" },
  steps: [],
});

const cases = [
  { says: "what changes waits", changes: ["api"], kept: [], passed: [], held: ["api"] },
  { says: "what is as it should be does not", changes: [], kept: [], passed: [], held: [] },
  { says: "others go on", changes: ["db"], kept: [], passed: ["db"], held: [] },
  {
    says: "what is kept up is put back",
    changes: ["api"],
    kept: ["api"],
    passed: ["api"],
    held: ["api"],
  },
  { says: "and waits with what it wants", changes: [], kept: ["api"], passed: [], held: ["api"] },
] as const;

for (const { says, changes, kept, passed, held } of cases)
  test(`after another that is not right: ${says}`, () => {
    const all = [...changes.map(change), change(undefined)];
    const found = withoutWaiting(all, new Map([["api", "db"]]), new Set<string>(kept));
    assert.deepEqual(
      found.changes.flatMap(({ family }) => family ?? []),
      passed,
    );
    assert.deepEqual(
      found.held.map((h) => h.app),
      held,
    );
    assert.ok(found.changes.some(({ family }) => family === undefined));
  });
