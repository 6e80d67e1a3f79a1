import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import type { Diagnostic } from "../../src/model/diagnostic.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { AppOutcome, OutcomeName } from "../../src/model/outcome.ts";
import type { Plan } from "../../src/model/plan.ts";
import { refused, rejected, summed, type PassSoFar } from "../../src/pass/endings.ts";
import type { Verdict } from "../../src/pass/judge.ts";
import type { World } from "../../src/pass/world.ts";
import { facts } from "../support/converge.ts";
import { appliedOf, changeOf, planOf, rev } from "./facts.ts";

const pass: PassSoFar = {
  // Of a world an ending needs only the time.
  world: { clock: { now: () => 5_000, sleep: () => Promise.resolve() } } as unknown as World,
  request: { retry: [], cause: "commit", preempt: new AbortController().signal },
  revision: {
    snapshot: { revision: rev("3"), entries: [], read: () => Promise.reject(new Error("none")) },
    subject: "Deploy shop 2",
    tree: "t",
    secrets: new Map(),
    findings: [],
    fleet: "acme",
  },
  started: 2_000,
};

const appOf = (family: string, outcome: OutcomeName, text: string, changes = 0): AppOutcome => ({
  family,
  outcome,
  text,
  machines: ["web-1"],
  imageDigests: [],
  changes,
});

const held = {
  address: "app/db",
  code: "guard",
  text: "db would go",
  needs: "Slipway-Allow: delete app/db",
};
const failedMark = { address: "app/shop", code: "failed-mark", text: "failed at 22222222" };

const cases: readonly (readonly [
  name: string,
  verdict: Partial<Verdict>,
  plan: Plan,
  changes: number,
  outcome: OutcomeName,
  text: string,
])[] = [
  [
    "nothing differed",
    { apps: [appOf("shop", "applied", "live on web-1")] },
    planOf(),
    0,
    "applied",
    "nothing to do",
  ],
  [
    "an app changed, another did not",
    {
      apps: [
        appOf("db", "applied", "live on web-1"),
        appOf("shop", "applied", "live on web-1, web-2", 2),
      ],
    },
    planOf(),
    2,
    "applied",
    "shop live on web-1, web-2",
  ],
  ["only a machine's own things changed", {}, planOf(), 1, "applied", "1 change"],
  ["several of them", {}, planOf(), 2, "applied", "2 changes"],
  [
    "the worst app says it",
    {
      apps: [
        appOf("a", "applied", "live", 1),
        appOf("b", "held", "needs app/a first"),
        { ...appOf("c", "reverted", "not healthy"), good: rev("1") },
      ],
    },
    planOf(),
    1,
    "reverted",
    "app/c still at 11111111: not healthy",
  ],
  [
    "an app failed",
    { apps: [appOf("shop", "failed", "exit 1")] },
    planOf(),
    0,
    "failed",
    "app/shop failed: exit 1",
  ],
  [
    "a guard holds something",
    {},
    planOf([], { held: [held] }),
    0,
    "held",
    "needs Slipway-Allow: delete app/db: db would go",
  ],
  [
    "a reboot that is held for its window is no failure",
    {},
    planOf([], { held: [{ ...held, code: "reboot-window" }] }),
    0,
    "applied",
    "nothing to do",
  ],
  [
    "a mark alone holds nothing that its app does not say",
    { apps: [{ ...appOf("shop", "held", "not healthy"), good: rev("1") }] },
    planOf([], { held: [failedMark] }),
    0,
    "held",
    "app/shop still at 11111111, needs Slipway-Retry: app/shop or a change: not healthy",
  ],
  [
    "guards hold several things",
    {},
    planOf([], { held: [failedMark, held, { ...held, address: "app/queue" }] }),
    0,
    "held",
    "needs Slipway-Allow: delete app/db: db would go (and 1 more)",
  ],
  [
    "a machine is in trouble",
    { troubles: [{ machine: "web-1", class: "unreachable", text: "no route" }] },
    planOf(),
    0,
    "incomplete",
    "web-1: unreachable: no route",
  ],
  [
    "a machine's own things have not settled",
    {},
    planOf([changeOf(undefined)]),
    1,
    "incomplete",
    "not settled: machine/web-1/names",
  ],
  [
    "something is unknown",
    {},
    planOf([], { unknown: [{ address: "machine/web-1/names", machine: "web-1", why: "?" }] }),
    0,
    "incomplete",
    "not settled: machine/web-1/names",
  ],
  [
    "a newer revision takes over before any app",
    { supersededBy: rev("4") },
    planOf([changeOf(undefined)]),
    0,
    "superseded",
    "superseded by 44444444",
  ],
  [
    "a newer revision takes over in the middle of an app",
    { supersededBy: rev("4"), apps: [appOf("shop", "superseded", "superseded by 44444444")] },
    planOf([changeOf("shop")]),
    0,
    "superseded",
    "superseded by 44444444",
  ],
];

for (const [name, verdict, plan, changes, outcome, text] of cases) {
  test(`a revision is ${outcome} when ${name}`, () => {
    const done = Array.from({ length: changes }, () => changeOf(undefined));
    const ended = summed(pass, { apps: [], troubles: [], ...verdict }, { plan, standing: {} }, [
      appliedOf({ done }),
    ]);
    assert.deepEqual([ended.outcome, ended.text, ended.changes], [outcome, text, changes]);
  });
}

test("what is tidied up in later rounds is no change that the plan did not show", () => {
  const unmounted = { ...changeOf(undefined), kind: "app/files", action: "delete" as const };
  const ended = (...rounds: (readonly Change[])[]) =>
    summed(
      pass,
      { apps: [], troubles: [] },
      { plan: planOf(), standing: {} },
      rounds.map((done) => appliedOf({ done })),
    ).changes;
  assert.equal(ended([changeOf("shop")], [unmounted, unmounted]), 1);
  assert.equal(ended([unmounted], []), 1, "the plan shows what lies about when it is made");
  assert.equal(ended([changeOf("shop")], [changeOf("db")]), 2);
});

test("what of a machine needs a look is a notice, and neither trouble nor part of the text", () => {
  const observation: Observation = {
    machine: "web-1",
    facts: { ...facts, isRebootNeeded: true },
    inventory: { state: "absent" },
    kinds: new Map(),
    troubles: [],
  };
  const verdict = { apps: [appOf("shop", "applied", "live on web-1")], troubles: [] };
  const look = { plan: planOf(), standing: {}, observations: new Map([["web-1", observation]]) };
  const { outcome, text, notices, troubles } = summed(pass, verdict, look, []);
  assert.deepEqual(
    { outcome, text, notices, troubles },
    {
      outcome: "applied",
      text: "nothing to do",
      notices: ["web-1: it has to be rebooted for what was installed"],
      troubles: [],
    },
  );
});

test("the first time at which something may be tried is told, whoever waits for it", () => {
  const at = (standing: object, plan: object): string | undefined =>
    summed(pass, { apps: [], troubles: [] }, { plan: planOf([], plan), standing }, []).heldUntil;
  assert.equal(at({}, {}), undefined);
  assert.equal(at({ untilMs: 2_000 }, {}), "1970-01-01T00:00:02.000Z");
  assert.equal(at({}, { untilMs: 3_000 }), "1970-01-01T00:00:03.000Z");
  assert.equal(at({ untilMs: 2_000 }, { untilMs: 1_000 }), "1970-01-01T00:00:01.000Z");
});

test("an ending says of which fleet, revision and time it is", () => {
  const { apps: _, held: __, troubles: ___, ...said } = refused(pass, "too old");
  assert.deepEqual(said, {
    version: 1,
    fleet: "acme",
    revision: rev("3"),
    subject: "Deploy shop 2",
    outcome: "held",
    text: "needs --allow-rewind: too old",
    changes: 0,
    startedAt: "1970-01-01T00:00:02.000Z",
    durationMs: 3_000,
    cause: "commit",
    tree: "t",
  });
});

test("of a rejected revision errors come before warnings", () => {
  const about = (severity: "error" | "warning", line: number): Diagnostic => {
    const where = { file: "apps/a.yaml", line, col: 1 };
    return { severity, code: "c", where, message: severity };
  };
  const findings = [about("warning", 1), about("error", 2), about("warning", 3), about("error", 4)];
  const ended = rejected({ ...pass, revision: { ...pass.revision, findings } });
  assert.deepEqual(
    ended.findings?.map((text) => text.split(":")[1]),
    ["2", "4", "1", "3"],
  );
});

test("a rejected revision says its first error, how many more there are, and a bounded list", () => {
  const findings = Array.from({ length: 60 }, (_, i) => ({
    severity: i === 0 ? ("warning" as const) : ("error" as const),
    code: "unknown-key",
    where: { file: "apps/shop.yaml", line: i + 1, col: 1 },
    message: "unknown key 'imagee'",
  }));
  const ended = rejected({ ...pass, revision: { ...pass.revision, findings } });
  assert.equal(ended.outcome, "rejected");
  assert.equal(ended.text, "apps/shop.yaml:2:1: unknown key 'imagee' (and 58 more)");
  assert.equal(ended.findings?.length, 50);
});

for (const [code, outcome, text] of [
  ["due", "applied", "nothing to do; certificate for a.test not issued yet"],
  ["ended", "incomplete", "web-1: certificate: certificate for a.test not issued yet"],
] as const)
  test(`a revision is ${outcome} while a certificate is ${code} and not renewed`, () => {
    const change = { ...changeOf(undefined), reason: { code, text: "" } };
    const putOff = [{ change, text: "certificate for a.test not issued yet" }];
    const found = { plan: planOf(), standing: {}, putOff };
    const ended = summed(pass, { apps: [], troubles: [] }, found, []);
    assert.deepEqual([ended.outcome, ended.text], [outcome, text]);
  });
