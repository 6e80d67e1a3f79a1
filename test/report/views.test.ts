import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Diagnostic } from "../../src/model/diagnostic.ts";
import { findingsText } from "../../src/report/findings-text.ts";
import { historyText } from "../../src/report/history-text.ts";
import { planPart } from "../../src/report/plan-part.ts";
import { planMarkdown } from "../../src/report/markdown.ts";
import { outcomeText } from "../../src/report/outcome-text.ts";
import type { Reach } from "../../src/model/reach.ts";
import { disruptionText, planText } from "../../src/report/plan-text.ts";
import { psText, statusText } from "../../src/report/status-text.ts";
import { whyText } from "../../src/report/why-text.ts";
import {
  applied,
  emptyPlan,
  good,
  now,
  plan,
  rejected,
  reverted,
  revision,
  status,
} from "./data.ts";
import { assertGolden } from "./golden.ts";

const reach: readonly Reach[] = [
  {
    by: "route",
    app: "blog",
    machines: ["web-1"],
    what: "https://blog.example.com/ → blog",
    who: "anyone",
    where: "the proxy of web-1",
    isPublic: true,
  },
  {
    by: "listen",
    app: "shop",
    machines: ["web-1"],
    what: "shop:8080",
    who: "the private network",
    where: "web-1 (10.0.0.11)",
    isPublic: false,
  },
];

const shortages = [
  { machine: "web-1", of: "memory", declared: 12 * 1024 ** 3, total: 8 * 1024 ** 3 },
  {
    machine: "web-2",
    of: "disk",
    declared: 5 * 1024 ** 3,
    total: 3.5 * 1024 ** 3,
    for: ["image shop:2", "swap"],
    unknown: ["image blog:1"],
  },
] as const;

const findings: readonly Diagnostic[] = [
  {
    severity: "error",
    code: "unknown-key",
    where: { file: "apps/shop/app.yaml", line: 2, col: 1 },
    message: "unknown key 'imagee' (did you mean 'image'?)",
  },
  {
    severity: "warning",
    code: "mutable-tag",
    where: { file: "apps/blog.yaml", line: 1, col: 8 },
    message: "'latest' may mean another image tomorrow",
  },
];

const commit = {
  revision,
  parents: [good],
  message: "Raise the memory of shop\n\nIt was killed.",
  author: "Ada",
  committedMs: now - 360_000,
};

const views: readonly [file: string, view: () => string][] = [
  ["plan.txt", () => planText(plan, { reach, shortages })],
  ["plan-colour.txt", () => planText(plan, { reach, colour: true })],
  ["plan-nothing.txt", () => planText(emptyPlan)],
  ["plan-markdown.txt", () => planMarkdown(plan, { fleet: "acme", reach, shortages })],
  ["outcome-applied.txt", () => outcomeText(applied)],
  ["outcome-reverted.txt", () => outcomeText(reverted)],
  ["outcome-rejected.txt", () => outcomeText(rejected)],
  ["status.txt", () => statusText(status, { now })],
  ["status-narrow.txt", () => statusText(status, { now, columns: 80 })],
  ["ps.txt", () => psText(status.apps, { now })],
  ["history.txt", () => historyText([applied, reverted, { ...rejected, cause: "retry" }], { now })],
  ["findings.txt", () => findingsText(findings)],
  ["why.txt", () => whyText(planPart(plan, "app/shop"), "app/shop", { now, commit })],
  ["why-nothing.txt", () => whyText(planPart(plan, "machine/web-9"), "machine/web-9", { now })],
];

suite("views", () => {
  for (const [file, view] of views) {
    test(file, async () => await assertGolden(file, view()));
  }

  test("nothing is said not to be applied by machines that did not answer", () => {
    const { revision: _, ...untold } = status;
    const machines = status.machines.map(({ why: __, ...machine }) => machine);
    assert.match(statusText(untold, { now }), /^\S+ at a revision that no machine could tell\n/);
    assert.match(statusText({ ...untold, machines }, { now }), /^\S+ nothing applied yet\n/);
  });

  test("what stops for good is not said to be replaced", () => {
    assert.equal(disruptionText({ kind: "gap" }), "it stops, and answers no more");
    assert.equal(disruptionText({ kind: "gap", seconds: 9 }), "nobody answers for up to 9 s");
    assert.equal(disruptionText({ kind: "none" }), undefined);
  });

  test("a narrow terminal gets no line wider than itself", () => {
    for (const line of statusText(status, { now, columns: 80 }).split("\n"))
      assert.ok(line.length <= 80, line);
  });

  test("nothing is shown for nothing", () => {
    assert.equal(findingsText([]), "");
    assert.equal(psText([], { now }), "nothing runs\n");
    assert.match(historyText([], { now }), /no revision/);
  });
});
