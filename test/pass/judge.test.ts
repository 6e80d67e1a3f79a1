import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeSighting } from "../../src/apply/applied.ts";
import type { Sighting, Trouble } from "../../src/model/outcome.ts";
import { judge, type JudgeInput } from "../../src/pass/judge.ts";
import {
  appliedOf,
  changeOf,
  evidence,
  factsOf,
  failureOf,
  inputOf,
  mark,
  planOf,
  rev,
} from "./facts.ts";

const open = planOf([changeOf("shop")]);
const unhealthy = failureOf("shop", "app", "not healthy in 60 s", { evidence });
const unreachable: Trouble = { machine: "web-1", class: "unreachable", text: "no route to host" };
const returning = (failedAt: string) => ({
  families: [
    factsOf("shop", {
      decision: { state: "return", failed: mark(failedAt), good: mark(rev("1"), "live") },
    }),
  ],
});
const frozen = (failedAt: string, why: string) => ({
  families: [factsOf("shop", { decision: { state: "freeze", failed: mark(failedAt), why } })],
});
const apart = (failedAt: string) => ({
  families: [
    factsOf("shop", {
      machines: ["web-1", "web-2"],
      decision: {
        state: "go" as const,
        apart: new Map([["web-1", { failed: mark(failedAt), everWorked: true }]]),
      },
    }),
  ],
});

const cases: readonly (readonly [
  name: string,
  input: Partial<JudgeInput>,
  outcome: string,
  text: string,
])[] = [
  ["nothing differs", {}, "applied", "live on web-1 (abababababab)"],
  [
    "nothing differs, without machines",
    { families: [factsOf("shop", { machines: [], imageDigests: [] })] },
    "applied",
    "live on no machine",
  ],
  [
    "steps failed for the machine's sake, but all is as declared",
    { applied: [appliedOf({ failures: [failureOf("shop", "machine", "timed out")] })] },
    "applied",
    "live on web-1 (abababababab)",
  ],
  [
    "another fleet has a name of it",
    {
      last: planOf([], {
        held: [{ address: "a", code: "clash", text: "t", machine: "web-1", app: "shop" }],
      }),
    },
    "held",
    "web-1: t",
  ],
  [
    "another fleet has the bridge of a machine that it runs on",
    { last: planOf([], { held: [{ address: "a", code: "clash", text: "t", machine: "web-1" }] }) },
    "held",
    "web-1: t",
  ],
  [
    "another fleet has the bridge of another machine, and a name of another app",
    {
      last: planOf([], {
        held: [
          { address: "a", code: "clash", text: "t", machine: "web-9" },
          { address: "a", code: "clash", text: "t", machine: "web-1", app: "db" },
        ],
      }),
    },
    "applied",
    "live on web-1 (abababababab)",
  ],
  [
    "it failed, and is back",
    { ...returning(rev("3")), applied: [appliedOf({ failures: [unhealthy] })] },
    "reverted",
    "not healthy in 60 s",
  ],
  [
    "it failed, and is not back yet",
    { ...returning(rev("3")), last: open, applied: [appliedOf({ failures: [unhealthy] })] },
    "failed",
    "not healthy in 60 s; not yet back at 11111111: machine/web-1/app/shop/container/1: not healthy in 60 s",
  ],
  [
    "it failed, and whether it is back is unknown",
    {
      ...returning(rev("3")),
      last: planOf([], {
        unknown: [{ address: "a", machine: "web-1", family: "shop", why: "no answer" }],
      }),
    },
    "incomplete",
    "not healthy in 60 s; not yet back at 11111111: web-1: no answer",
  ],
  [
    "it failed at an earlier revision, and where it went back to is unknown",
    {
      ...returning(rev("2")),
      last: planOf([], {
        unknown: [{ address: "a", machine: "web-1", family: "shop", why: "no answer" }],
      }),
    },
    "incomplete",
    "not yet back at 11111111: web-1: no answer",
  ],
  ["it failed at an earlier revision", returning(rev("2")), "held", "not healthy in 60 s"],
  [
    "it failed, with nothing to return to",
    {
      ...frozen(rev("3"), "nothing to return to"),
      applied: [appliedOf({ failures: [unhealthy] })],
    },
    "failed",
    "not healthy in 60 s; nothing to return to",
  ],
  ["it failed, told to halt", frozen(rev("3"), "halted"), "failed", "not healthy in 60 s; halted"],
  [
    "it failed, and what it would return to is gone",
    frozen(rev("3"), "its good revision 11111111 cannot be read any more"),
    "failed",
    "not healthy in 60 s; its good revision 11111111 cannot be read any more",
  ],
  [
    "it failed at an earlier revision and stays as it is",
    frozen(rev("2"), "halted"),
    "held",
    "app/shop failed at 22222222 and stays as it is, needs Slipway-Retry: app/shop or a change: not healthy in 60 s",
  ],
  [
    "it failed on one machine, and the others went on",
    { ...apart(rev("3")), applied: [appliedOf({ failures: [unhealthy] })] },
    "failed",
    "web-1: not healthy in 60 s; live on web-2 (abababababab)",
  ],
  [
    "it failed on one machine, and another is unknown",
    {
      ...apart(rev("3")),
      last: planOf([], {
        unknown: [{ address: "a", machine: "web-2", family: "shop", why: "no answer" }],
      }),
    },
    "failed",
    "web-1: not healthy in 60 s; elsewhere web-2: no answer",
  ],
  [
    "it failed on one machine at an earlier revision",
    apart(rev("2")),
    "held",
    "app/shop failed at 22222222 and stays as it is there, needs Slipway-Retry: app/shop or a change: web-1: not healthy in 60 s",
  ],
  [
    "it failed on one machine at an earlier revision, and stays where it leaves as long as it does not work there",
    {
      ...apart(rev("2")),
      last: planOf([{ ...changeOf("shop"), waits: "shop serves where it is declared" }]),
    },
    "held",
    "app/shop failed at 22222222 and stays as it is there, needs Slipway-Retry: app/shop or a change: web-1: not healthy in 60 s",
  ],
  [
    "all is done but what waits for another look",
    { last: planOf([{ ...changeOf("shop"), waits: "the proxy of edge sends nothing here" }]) },
    "incomplete",
    "machine/web-1/app/shop/container/1 stays until the proxy of edge sends nothing here",
  ],
  [
    "it failed, and is back but for what waits for another look",
    {
      ...returning(rev("3")),
      last: planOf([{ ...changeOf("shop"), waits: "the proxy of edge sends nothing here" }]),
    },
    "incomplete",
    "not healthy in 60 s; not yet back at 11111111: machine/web-1/app/shop/container/1: another image",
  ],
  [
    "the line broke before its turn",
    {
      last: open,
      applied: [appliedOf({ failures: [failureOf(undefined, "machine", "the line is broken")] })],
    },
    "incomplete",
    "web-1: the line is broken",
  ],
  [
    "a guard keeps what it leaves",
    {
      last: planOf([], {
        held: [
          {
            address: "machine/web-2/app/shop/container/1",
            code: "guard",
            text: "shop would go, and with it most of web-2",
            needs: "Slipway-Allow: delete app/shop",
            machine: "web-2",
            app: "shop",
          },
        ],
      }),
    },
    "held",
    "needs Slipway-Allow: delete app/shop: shop would go, and with it most of web-2",
  ],
  [
    "it failed, and trouble stands in its way back",
    {
      ...returning(rev("3")),
      last: open,
      applied: [
        appliedOf({ failures: [unhealthy] }),
        appliedOf({ failures: [failureOf("shop", "machine", "the line is broken")] }),
      ],
    },
    "incomplete",
    "not healthy in 60 s; not yet back at 11111111: machine/web-1/app/shop/container/1: the line is broken",
  ],
  [
    "a newer revision takes over half-way",
    { last: open, supersededBy: rev("4") },
    "superseded",
    "superseded by 44444444",
  ],
  [
    "a newer revision takes over when all is done",
    { supersededBy: rev("4") },
    "applied",
    "live on web-1 (abababababab)",
  ],
  [
    "its image cannot be named",
    {
      unresolved: new Map([
        ["shop", { machine: "web-1", class: "pull", text: "image shop:2 cannot be resolved: 404" }],
      ]),
    },
    "incomplete",
    "image shop:2 cannot be resolved: 404",
  ],
  [
    "part of it is unknown",
    {
      last: planOf([], {
        unknown: [{ address: "a", machine: "web-2", family: "shop", why: "unreachable" }],
      }),
    },
    "incomplete",
    "web-2: unreachable",
  ],
  [
    "another app whose name begins alike is unknown",
    {
      last: planOf([], {
        unknown: [
          {
            address: "machine/web-2/app/shop-admin/container/1",
            machine: "web-2",
            family: "shop-admin",
            why: "unreachable",
          },
        ],
      }),
    },
    "applied",
    "live on web-1 (abababababab)",
  ],
  [
    "a part of it still waits for the bridge",
    { families: [factsOf("shop", { awaiting: "slipway-acme" })] },
    "incomplete",
    "waits for slipway-acme",
  ],
  [
    "what it is after did not converge",
    { last: open, applied: [appliedOf({ waiting: new Map([["shop", "db"]]) })] },
    "held",
    "needs app/db first",
  ],
  [
    "it failed, and no mark could be written",
    { last: open, applied: [appliedOf({ failures: [unhealthy] })] },
    "failed",
    "not healthy in 60 s",
  ],
  [
    "its machine cannot be reached",
    { last: open, observed: [unreachable] },
    "incomplete",
    "web-1: no route to host",
  ],
  [
    "another machine cannot be reached, and its own still differs",
    { last: open, observed: [{ ...unreachable, machine: "web-2" }] },
    "failed",
    "still differs after applying: machine/web-1/app/shop/container/1: another image",
  ],
  [
    "a step met trouble with the machine",
    {
      last: open,
      applied: [
        appliedOf({
          failures: [failureOf("shop", "machine", "no space left on device", { trouble: "disk" })],
        }),
      ],
    },
    "incomplete",
    "web-1: no space left on device",
  ],
  [
    "all steps returned well and it still differs",
    { last: open, applied: [appliedOf({ done: [changeOf("shop")] })] },
    "failed",
    "still differs after applying: machine/web-1/app/shop/container/1: another image",
  ],
];

for (const [name, input, outcome, text] of cases) {
  test(`an app is ${outcome} when ${name}`, () => {
    const { apps } = judge(inputOf(input));
    assert.deepEqual(
      apps.map((a) => [a.family, a.outcome, a.text]),
      [["shop", outcome, text]],
    );
  });
}

test("evidence, the good revision and the number of changes stand beside the outcome", () => {
  const input = inputOf({
    ...returning(rev("3")),
    applied: [
      appliedOf({ done: [changeOf("shop"), changeOf("db")], failures: [unhealthy] }),
      appliedOf({ done: [changeOf("shop")] }),
    ],
  });
  const [app] = judge(input).apps;
  assert.deepEqual(app?.evidence, [evidence]);
  assert.equal(app.good, rev("1"));
  assert.equal(app.changes, 2);
});

test("troubles are told once each, and never an app's own failure or a preemption", () => {
  const { troubles } = judge(
    inputOf({
      observed: [unreachable, { ...unreachable }],
      applied: [
        appliedOf({
          failures: [
            unhealthy,
            failureOf("shop", "preempted", "a newer revision takes over"),
            failureOf("shop", "machine", "disk", { trouble: "disk" }),
            failureOf(undefined, "machine", "disk", { trouble: "disk" }),
          ],
        }),
      ],
    }),
  );
  assert.deepEqual(troubles, [unreachable, { machine: "web-1", class: "disk", text: "disk" }]);
});

const saw = (machine: string, name: string, sighting: Sighting): ChangeSighting => ({
  change: { ...changeOf("shop", machine), name },
  sighting,
});

const swept = [
  saw("web-1", "1", { of: "probe", probe: "connected in 1 ms" }),
  saw("web-1", "1", { of: "switch", served: 1_200, failed: 0 }),
  saw("web-1", "1", { of: "switch", drained: 3 }),
  saw("web-1", "2", { of: "probe", probe: "200 in 3 ms" }),
  saw("web-1", "2", { of: "switch", served: 4, drained: 1, cut: 2 }),
  { change: changeOf("db"), sighting: { of: "probe", probe: "another app's" } as const },
];

test("what was seen while all went well stands beside the outcome too, and in its text", () => {
  const [app] = judge(inputOf({ applied: [appliedOf({ sightings: swept })] })).apps;
  assert.equal(
    app?.text,
    "live on web-1 (abababababab); 1,204 requests served during the switch, none failed; 4 connections drained, 2 cut; last probe: 200 in 3 ms",
  );
  assert.deepEqual(app.probes, [{ machine: "web-1", probe: "200 in 3 ms" }]);
  assert.deepEqual(app.switches, [
    { machine: "web-1", app: "shop", instance: 1, served: 1_200, failed: 0, drained: 3, cut: 0 },
    { machine: "web-1", app: "shop", instance: 2, served: 4, failed: 0, drained: 1, cut: 2 },
  ]);
});

test("what was seen of very many instances is told for each machine", () => {
  const many = Array.from({ length: 101 }, (_, i) =>
    saw("web-1", String(i + 1), { of: "switch", served: 2 }),
  );
  const [app] = judge(inputOf({ applied: [appliedOf({ sightings: many })] })).apps;
  assert.deepEqual(app?.switches, [
    { machine: "web-1", served: 202, failed: 0, drained: 0, cut: 0 },
  ]);
});
