import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import { planPart } from "../../src/report/plan-part.ts";
import { emptyPlan, plan } from "./data.ts";

const held = (address: string) => ({ address, code: "guard", text: address });
const refused: Plan = {
  ...emptyPlan,
  held: [held("app/back"), held("machine/web-1/app/blog/container/1"), held("app/shop")],
  unknown: [{ address: "machine/web-2", machine: "web-2", why: "silent" }],
};

const cases: readonly (readonly [
  address: string,
  families: readonly string[],
  found: readonly string[],
])[] = [
  ["app/back", ["back"], ["app/back"]],
  ["app/back/container/1", ["back"], ["app/back"]],
  ["machine/web-1/app/back/container/1", ["back"], ["app/back"]],
  ["machine/web-1/app/shop-worker/container/1", ["shop"], ["app/shop"]],
  ["app/blog", [], ["machine/web-1/app/blog/container/1"]],
  ["machine/web-1/app/blog/volume/data", [], []],
  ["machine/web-2/app/blog/container/1", [], ["machine/web-2"]],
  ["machine/web-3", [], []],
];

for (const [address, families, found] of cases) {
  test(`${address} is held or unseen with ${found.join(", ") || "nothing"}`, () => {
    const part = planPart(refused, address, families);
    assert.deepEqual(
      [...part.held, ...part.unknown].map((one) => one.address),
      found,
    );
  });
}

test("a revision that is held as a whole holds everything", () => {
  const part = planPart({ ...emptyPlan, held: [held("revision")] }, "app/shop");
  assert.equal(part.held.length, 1);
});

test("a family's services are part of it", () => {
  const apps = changesOf(planPart(plan, "app/shop")).map((change) => change.app);
  assert(apps.includes("shop-worker"));
  assert.equal(changesOf(planPart(plan, "app/shop/container/2")).length, 2);
});
