import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksEngine } from "../../src/kinds/index.ts";
import { Unreadable } from "../../src/model/live.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Answers } from "../../src/model/query.ts";
import type { Resource } from "../../src/model/resource.ts";
import { withAwaited } from "../../src/pass/awaited.ts";
import { about } from "../support/converge.ts";

const resource = (machine: string, kind: string): Resource => ({
  address: `machine/${machine}/app/shop/volume/data`,
  kind,
  machine,
  family: "shop",
  name: "data",
  spec: {},
});

test("only what its machine waits for is put off", () => {
  const observed = (machine: string, lacking: boolean): [string, Observation] => [
    machine,
    {
      machine,
      inventory: { state: "absent" },
      troubles: [],
      kinds: new Map([
        [
          "app/volume",
          lacking ? { state: "awaiting", on: "the container engine" } : { state: "absent" },
        ],
        ["machine/sysctl", { state: "absent" }],
      ]),
    },
  ];
  const resources = [
    resource("web-1", "app/volume"),
    resource("web-1", "machine/sysctl"),
    resource("web-2", "app/volume"),
  ];
  const observations = new Map([observed("web-1", true), observed("web-2", false)]);
  const found = withAwaited({ resources, awaiting: [] }, observations);
  assert.deepEqual(found.resources, resources.slice(1));
  assert.deepEqual(found.awaiting, [
    { address: resources[0]?.address, on: "the container engine", family: "shop" },
  ]);
});

test("an engine is lacking only where that is sure", () => {
  const marker = (installed: boolean): string =>
    `${JSON.stringify({ kind: "machine/engine", key: "", former: { installed, daemon: null } })}\nend\n`;
  const cases: readonly (readonly [there: string | undefined, before: string, lacks: boolean])[] = [
    ["none\nend\n", "end\n", true],
    ["end\n", "end\n", false],
    ["end\n", marker(true), false],
    ["unclear\nend\n", "end\n", false],
    ["unclear\nend\n", marker(true), true],
    ["unclear\nend\n", marker(false), false],
    ["unclear\nend\n", "damaged\nend\n", false],
    ["none\n", "end\n", false],
    [undefined, "end\n", false],
  ];
  for (const [there, before, lacks] of cases) {
    const answers = {
      text: (query: { readonly argv?: readonly string[] }) => {
        if (query.argv?.at(-1) === `${about.root}/before`) return before;
        if (there === undefined) throw new Unreadable("no answer");
        return there;
      },
    } as unknown as Answers;
    assert.equal(lacksEngine(answers, about), lacks, JSON.stringify([there, before]));
  }
});
