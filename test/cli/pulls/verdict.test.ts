import assert from "node:assert/strict";
import { test } from "node:test";
import { standingKey, verdictOf } from "../../../src/cli/pulls/verdict.ts";
import type { Held, Plan, UnknownLive } from "../../../src/model/plan.ts";
import { askedLater } from "../../../src/pass/within.ts";
import { change, emptyPlan } from "../../report/data.ts";

const held: Held = {
  address: "machine/web-1/app/shop/container/1",
  code: "guard",
  text: "shop would go",
  needs: "Slipway-Allow: delete app/shop",
};
const clash: Held = {
  address: "machine/web-1/app/x/container/1",
  code: "clash",
  text: "port taken",
};
const away: UnknownLive = { address: "machine/web-1", machine: "web-1", why: "no answer" };
const later: UnknownLive = {
  address: "machine/web-2",
  machine: "web-2",
  why: `a new machine, ${askedLater}`,
};
const image = {
  address: "app/other",
  machine: "web-1",
  why: `image x cannot be resolved: no app has one from evil, ${askedLater}`,
};
const onLater: UnknownLive = { address: "app/shop", machine: "web-2", why: "no machine can ask" };

const changes: Plan = {
  ...emptyPlan,
  machines: [
    {
      machine: "web-1",
      changes: [
        change("create", "web-1", "app/volume", "v"),
        change("replace", "web-1", "app/container", "1"),
        change("replace", "web-1", "app/container", "2"),
      ],
    },
  ],
};

const cases: readonly (readonly [name: string, plan: Plan, wanted: string])[] = [
  ["nothing", emptyPlan, "success: no changes"],
  ["changes", changes, "success: 3 changes: 1 to create, 2 to replace"],
  [
    "a guard",
    { ...changes, held: [held] },
    "failure: needs Slipway-Allow: delete app/shop: shop would go",
  ],
  ["a guard and more", { ...changes, held: [clash, held] }, "failure: port taken (and 1 more)"],
  [
    "what is held on the branch already",
    { ...changes, held: [{ ...held, address: "app/old" }] },
    "success: 3 changes: 1 to create, 2 to replace",
  ],
  ["trouble", { ...changes, unknown: [away] }, "error: not seen: web-1: no answer"],
  [
    "a guard beside trouble, since it will be there afterwards too",
    { ...changes, held: [held], unknown: [away] },
    "failure: needs Slipway-Allow: delete app/shop: shop would go",
  ],
  [
    "a new machine",
    { ...emptyPlan, unknown: [later, onLater] },
    `success: no changes; web-2: ${askedLater}`,
  ],
  [
    "a new registry",
    { ...changes, unknown: [image, later] },
    `success: 3 changes: 1 to create, 2 to replace; app/other and web-2: ${askedLater}`,
  ],
  [
    "trouble on a machine of which only an image is not asked",
    { ...emptyPlan, unknown: [image, away] },
    "error: not seen: web-1: no answer",
  ],
];

const standing = new Set([
  standingKey({ address: "app/old", text: "shop would go; needs Slipway-Allow: delete app/shop" }),
]);

for (const [name, plan, wanted] of cases) {
  test(`the light of a plan with ${name}`, () => {
    const { state, text } = verdictOf(plan, standing);
    assert.equal(`${state}: ${text}`, wanted);
  });
}
