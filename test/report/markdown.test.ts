import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Plan } from "../../src/model/plan.ts";
import { planMarkdown, planMarker, refusalMarkdown } from "../../src/report/markdown.ts";
import * as arbitrary from "./arbitrary.ts";
import { change, emptyPlan } from "./data.ts";

/** What a reader of Markdown sees outside of code blocks; fails where a fence stays open. */
function outsideOfCode(markdown: string): string {
  let fence: string | undefined;
  const outside: string[] = [];
  for (const line of markdown.split("\n")) {
    const ticks = /^\s{0,3}(`{3,})/.exec(line)?.[1];
    if (fence === undefined && ticks !== undefined) fence = ticks;
    else if (fence === undefined) outside.push(line);
    else if (ticks !== undefined && ticks.length >= fence.length && /^\s{0,3}`+\s*$/.test(line))
      fence = undefined;
  }
  assert.equal(fence, undefined, "a fence stays open");
  return outside.join("\n");
}

suite("a plan as a comment", () => {
  test("nothing of others stands outside of code: no mention, link, image or tag", () => {
    fc.assert(
      fc.property(arbitrary.plan, (plan) => {
        const outside = outsideOfCode(planMarkdown(plan, { fleet: "acme" }));
        assert.doesNotMatch(outside, /@|!\[|http:|#1|<b>|```/);
        const tags = outside.match(/<[^>]*>/g) ?? [];
        for (const tag of tags)
          assert.match(tag, /^<(?:\/?details(?: open)?|\/?summary|!-- slipway plan acme --)>$/);
      }),
      { numRuns: 100 },
    );
  });

  const many = (count: number, of: number): Plan => ({
    ...emptyPlan,
    machines: Array.from({ length: count }, (_, i) => ({
      machine: "web-1",
      changes: Array.from({ length: of }, (_, j) =>
        change("create", "web-1", "app/volume", `v${j}`, {
          app: `app-${i}`,
          family: `app-${i}`,
          reason: { code: "x", text: "because ".repeat(j % 9) },
        }),
      ),
    })),
  });

  for (const [name, plan] of [
    ["many apps", many(2000, 3)],
    ["one huge app", many(1, 9000)],
    ["a few", many(3, 3)],
  ] as const) {
    test(`${name}: within the limit, all frames closed, and what is left out is counted`, () => {
      for (const limit of [3000, 60_000]) {
        const markdown = planMarkdown(plan, { fleet: "acme", limit });
        assert.ok(markdown.length <= limit, `${markdown.length}`);
        const outside = outsideOfCode(markdown);
        assert.equal(outside.match(/<details/g)?.length, outside.match(/<\/details>/g)?.length);
        if (name === "many apps") assert.match(markdown, /…and \d+ parts more/);
      }
    });
  }

  test("nor does what keeps a commit from being planned, within the limit", () => {
    fc.assert(
      fc.property(fc.array(arbitrary.text, { maxLength: 60 }), arbitrary.text, (lines, onto) => {
        const refusal = { title: "rejected", noun: "finding", lines };
        const view = { fleet: "acme", onto, limit: 3000 };
        const markdown = refusalMarkdown(refusal, "a".repeat(40), view);
        assert.ok(markdown.length <= 3000, `${markdown.length}`);
        const outside = outsideOfCode(markdown);
        assert.match(outside, /^<!-- slipway plan acme -->\n### Slipway: rejected\n/);
        assert.doesNotMatch(outside, /@|!\[|http:|#1|<b>|```/);
      }),
      { numRuns: 100 },
    );
    const many = Array.from({ length: 500 }, (_, i) => `apps/shop.yaml:${i}:1: unknown key`);
    const refusal = { title: "rejected", noun: "finding", lines: many };
    const markdown = refusalMarkdown(refusal, "a".repeat(40), { fleet: "acme", limit: 3000 });
    assert.match(markdown, /<summary>500 findings<.*shop\.yaml:0:1: .*\n…\n```\n/s);
    assert.ok(markdown.length <= 3000 && markdown.length > 2000);
  });

  test("the branch that it is merged into is told", () => {
    const markdown = planMarkdown(emptyPlan, { fleet: "acme", onto: "release/1" });
    assert.match(markdown, /, as merged into `release\/1`\.\n/);
  });

  test("it is found again by its marker", () => {
    assert.ok(
      planMarkdown(emptyPlan, { fleet: "acme-staging" }).startsWith(planMarker("acme-staging")),
    );
    assert.notEqual(planMarker("acme"), planMarker("acme-staging"));
  });
});
