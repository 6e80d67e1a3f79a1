import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { endingOf, finalStatuses, pendingStatuses, planStatus } from "../../src/forges/statuses.ts";
import type { AppOutcome, OutcomeName, RevisionOutcome } from "../../src/model/outcome.ts";

const revision = "3f2a1bc".padEnd(40, "0");
const good = "9d8c7b6".padEnd(40, "0");
const head = "e5e5e5e".padEnd(40, "0");

const outcome = (
  name: OutcomeName,
  text: string,
  apps: readonly AppOutcome[] = [],
): RevisionOutcome => ({
  version: 1,
  fleet: "acme",
  revision,
  subject: "Raise the memory of shop",
  outcome: name,
  text,
  changes: 1,
  apps,
  held: [],
  troubles: [],
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1000,
  cause: "commit",
});

const app = (family: string, name: OutcomeName, text: string, goodAt?: string): AppOutcome => ({
  family,
  outcome: name,
  text,
  machines: ["web-1"],
  imageDigests: [],
  changes: name === "held" ? 0 : 1,
  ...(goodAt === undefined ? {} : { good: goodAt }),
});

const said = (
  o: RevisionOutcome,
  changed: readonly string[] = [],
  descriptionLimit = 140,
): readonly string[] =>
  finalStatuses(o, { changed, descriptionLimit }).map(
    (s) => `${s.context} ${s.state}: ${s.description}`,
  );

suite("statuses", () => {
  const cases: readonly [string, RevisionOutcome, readonly string[], readonly string[]][] = [
    [
      "nothing to do",
      outcome("applied", "nothing to do"),
      [],
      ["slipway/acme success: nothing to do"],
    ],
    [
      "applied",
      outcome("applied", "shop healthy on web-1", [app("shop", "applied", "healthy on web-1")]),
      ["shop"],
      [
        "slipway/acme success: shop healthy on web-1",
        "slipway/acme/shop success: healthy on web-1",
      ],
    ],
    [
      "reverted: the other app keeps its green",
      outcome("reverted", "app/shop still at 9d8c7b60: /up answered 500", [
        app("shop", "reverted", "/up answered 500", good),
        app("blog", "applied", "healthy on web-1"),
      ]),
      ["shop", "blog"],
      [
        "slipway/acme failure: app/shop still at 9d8c7b60: /up answered 500",
        "slipway/acme/shop failure: app/shop still at 9d8c7b60: /up answered 500",
        "slipway/acme/blog success: healthy on web-1",
      ],
    ],
    [
      "failed with nothing to return to",
      outcome("failed", "app/shop failed: exited with 1", [app("shop", "failed", "exited with 1")]),
      ["shop"],
      [
        "slipway/acme failure: app/shop failed: exited with 1",
        "slipway/acme/shop failure: app/shop failed: exited with 1",
      ],
    ],
    [
      "an app that was not reached because another failed",
      outcome("failed", "app/db failed: exited with 1", [app("db", "failed", "exited with 1")]),
      ["shop"],
      [
        "slipway/acme failure: app/db failed: exited with 1",
        "slipway/acme/shop error: not reached",
        "slipway/acme/db failure: app/db failed: exited with 1",
      ],
    ],
    [
      "held by a guard",
      outcome("held", "needs Slipway-Allow: delete machine/web-1"),
      [],
      ["slipway/acme failure: needs Slipway-Allow: delete machine/web-1"],
    ],
    [
      "held at good: a later revision that does not touch the app",
      outcome("held", "app/shop still at 9d8c7b60", [
        app("shop", "held", "it failed before", good),
      ]),
      [],
      ["slipway/acme failure: app/shop still at 9d8c7b60"],
    ],
    [
      "rejected",
      outcome("rejected", "apps/shop.yaml:2:1: unknown key 'imagee' (did you mean 'image'?)"),
      ["shop"],
      [
        "slipway/acme failure: apps/shop.yaml:2:1: unknown key 'imagee' (did you mean 'image'?)",
        "slipway/acme/shop failure: apps/shop.yaml:2:1: unknown key 'imagee' (did you mean 'image'?)",
      ],
    ],
    [
      "incomplete",
      outcome("incomplete", "web-1: unreachable: timed out"),
      [],
      ["slipway/acme error: web-1: unreachable: timed out"],
    ],
    [
      "superseded",
      outcome("superseded", "superseded by e5e5e5e0"),
      ["shop"],
      [
        "slipway/acme error: superseded by e5e5e5e0",
        "slipway/acme/shop error: superseded by e5e5e5e0",
      ],
    ],
  ];
  for (const [name, o, changed, expected] of cases) {
    test(name, () => assert.deepEqual(said(o, changed), expected));
  }

  test("descriptions are cut between words, and carry nothing that a terminal obeys", () => {
    const [status] = said(
      outcome("failed", "app/shop failed: \u001b[31mprobe said no\u0000 again and again"),
      [],
      40,
    );
    assert.equal(status, "slipway/acme failure: app/shop failed: probe said no\\x00…");
  });

  test("healed drift lights no app's status, failing to heal does", () => {
    const healed = outcome("applied", "shop healthy", [app("shop", "applied", "healthy")]);
    assert.deepEqual(said({ ...healed, cause: "drift" }), ["slipway/acme success: shop healthy"]);
    assert.deepEqual(said(healed).length, 2);
    const broken = outcome("failed", "app/shop failed: no answer", [
      app("shop", "failed", "no answer"),
    ]);
    assert.deepEqual(said({ ...broken, cause: "drift" }).length, 2);
  });

  test("pending names what changes", () => {
    const options = {
      changed: ["blog", "shop"],
      descriptionLimit: 140,
      targetUrl: "https://runs.example.com/1",
    };
    assert.deepEqual(
      pendingStatuses("acme", revision, options).map((s) => [
        s.context,
        s.state,
        s.description,
        s.targetUrl,
      ]),
      [
        ["slipway/acme", "pending", "changing blog, shop", "https://runs.example.com/1"],
        ["slipway/acme/blog", "pending", "deploying", "https://runs.example.com/1"],
        ["slipway/acme/shop", "pending", "deploying", "https://runs.example.com/1"],
      ],
    );
  });

  test("what was left pending ends as the history says, else as superseded; the head stays", () => {
    const left = {
      revision,
      context: "slipway/acme/shop",
      state: "pending",
      description: "deploying",
    } as const;
    const known = outcome("applied", "shop healthy", [app("shop", "applied", "healthy on web-1")]);
    const ending = { head, descriptionLimit: 140, outcomeOf: () => undefined };
    const told = endingOf(left, "acme", { ...ending, outcomeOf: () => known });
    assert.deepEqual([told?.state, told?.description], ["success", "healthy on web-1"]);
    const unknown = endingOf(left, "acme", ending);
    assert.deepEqual([unknown?.state, unknown?.description], ["error", "superseded by e5e5e5e0"]);
    assert.equal(endingOf({ ...left, revision: head }, "acme", ending), undefined);
  });

  test("a plan that was pending when its commit was merged ends too, whatever came of the commit", () => {
    const left = {
      revision,
      context: "slipway/acme/plan",
      state: "pending",
      description: "planning",
    } as const;
    const known = outcome("failed", "app/shop failed");
    const ending = { head, descriptionLimit: 140 };
    for (const outcomeOf of [() => undefined, () => known]) {
      const told = endingOf(left, "acme", { ...ending, outcomeOf });
      assert.deepEqual([told?.state, told?.description], ["error", "merged before it was planned"]);
    }
    const app1 = outcome("applied", "plan live", [app("plan", "applied", "live on web-1")]);
    const app2 = endingOf(left, "acme", { ...ending, outcomeOf: () => app1 });
    assert.equal(app2?.description, "live on web-1", "an app may be called so");
  });

  test("what is said of a plan is cut as all else is", () => {
    const text = `needs ${"Slipway-Allow ".repeat(20)}\n`;
    const said = planStatus(
      "acme",
      revision,
      { state: "failure", text },
      { descriptionLimit: 140 },
    );
    assert.equal(said.context, "slipway/acme/plan");
    assert.ok(said.description.length <= 140 && said.description.endsWith("…"));
  });
});
