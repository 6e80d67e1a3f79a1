import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Difference } from "../../src/model/change.ts";
import type { Held } from "../../src/model/plan.ts";
import { planText } from "../../src/report/plan-text.ts";
import { change, emptyPlan } from "./data.ts";
import { assertGolden } from "./golden.ts";

interface Case {
  readonly file: string;
  readonly kind: string;
  readonly want?: Readonly<Record<string, unknown>>;
  readonly difference?: Difference | null;
  readonly clash?: { readonly text: string; readonly needs: string };
}

/** What each kind of a machine says of each of its cases. */
const folder = new URL("../kinds/machine/", import.meta.url);
const kinds = readdirSync(folder).toSorted();
const cases: readonly Case[] = kinds.flatMap((kind) =>
  readdirSync(new URL(`${kind}/diff/`, folder))
    .toSorted()
    .map((file): Case => {
      const text = readFileSync(new URL(`${kind}/diff/${file}`, folder), "utf8");
      return { ...(JSON.parse(text) as Case), file, kind };
    }),
);

for (const kind of kinds)
  test(`a plan says what it does to ${kind}`, async () => {
    const own = cases.filter((one) => one.kind === kind);
    const changes = own.flatMap(({ file, difference }) =>
      difference === undefined || difference === null
        ? []
        : [change(difference.action, "web-1", `machine/${kind}`, file.slice(0, -5), difference)],
    );
    const held = own.flatMap(({ file, clash }): Held[] =>
      clash === undefined
        ? []
        : [{ address: `machine/web-1/${kind}/${file.slice(0, -5)}`, code: "clash", ...clash }],
    );
    const plan = { ...emptyPlan, settings: [{ machine: "web-1", changes }], held };
    await assertGolden(`plan-machine-${kind}.txt`, planText(plan));
  });

/** Made anew whenever it is needed: nothing is lost. */
const stateless = new Set(["names", "proxy"]);

test("what is undone says what comes back, what stays and what is lost", () => {
  const undone = cases.filter(({ difference }) => difference?.action === "delete");
  for (const kind of kinds.filter((one) => one !== "certification"))
    assert.ok(
      undone.some((one) => one.kind === kind),
      `no case of ${kind} is undone`,
    );
  for (const { kind, file, difference } of undone)
    if (!stateless.has(kind))
      assert.match(
        difference?.reason.text ?? "",
        /(?:: .*\b(?:comes?|stays?|goes|count|counts|open|removed|stand)\b)|not there any more|no such setting|it stays$/,
        `${kind}/${file}`,
      );
});
