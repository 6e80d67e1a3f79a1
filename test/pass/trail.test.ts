import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyInventory, emptyRecord, type Inventory } from "../../src/model/inventory.ts";
import type { CommitInfo } from "../../src/model/snapshot.ts";
import { readTrail, wasApplied } from "../../src/pass/trail.ts";
import type { Request, World } from "../../src/pass/world.ts";
import { SourceError, type Source } from "../../src/source/source.ts";
import { mark, rev } from "./facts.ts";

interface History {
  /** Revision → its parents and message; a revision that is not here is missing. */
  readonly commits: Readonly<Record<string, { parents: readonly string[]; message?: string }>>;
  readonly notes?: Readonly<Record<string, string>>;
}

/** As much of a repository as a trail asks for. */
function sourceOf({ commits, notes = {} }: History): Source {
  const get = (revision: string): { parents: readonly string[]; message?: string } => {
    const found = commits[revision];
    if (found === undefined) throw new SourceError("missing", `no commit ${revision}`);
    return found;
  };
  const ancestors = (revision: string): readonly string[] => [
    revision,
    ...get(revision).parents.flatMap(ancestors),
  ];
  const info = (revision: string): CommitInfo => ({
    revision,
    parents: get(revision).parents,
    message: get(revision).message ?? "",
    author: "Ada",
    committedMs: 0,
  });
  const source: Partial<Source> = {
    descends: async (ancestor, revision) => {
      get(ancestor);
      return await Promise.resolve(ancestors(revision).includes(ancestor));
    },
    between: async (from, to, limit) => {
      if (from === undefined) return await Promise.resolve([info(to)]);
      const before = new Set(ancestors(from));
      const found = [...new Set(ancestors(to))].filter((r) => !before.has(r));
      return found.slice(0, limit).map(info);
    },
    recent: async () => await Promise.resolve(Object.keys(commits).map(info)),
    readNote: async (revision) => await Promise.resolve(notes[revision]),
  };
  return source as Source;
}

const worldOf = (history: History, allowRewind = false): World =>
  ({ source: sourceOf(history), allowRewind }) as unknown as World;

const requestOf = (retry: readonly string[] = []): Request => ({
  retry,
  cause: "commit",
  preempt: new AbortController().signal,
});

const at = (revision: string | undefined, failedAt?: string): Inventory => ({
  ...emptyInventory("acme", "web-1"),
  ...(revision === undefined ? {} : { revision }),
  apps: failedAt === undefined ? {} : { shop: { ...emptyRecord, failed: mark(failedAt) } },
});

const startedAt = "2026-01-02T00:00:00.000Z";
const [r1, r2, r3, r4, other] = ["1", "2", "3", "4", "5"].map(rev) as [
  string,
  string,
  string,
  string,
  string,
];

/** r1 ← r2 ← r4 and r1 ← r3 ← r4: a merge. */
const merged = (messages: Readonly<Record<string, string>>): History => ({
  commits: {
    [r4]: { parents: [r2, r3], message: messages["r4"] ?? "" },
    [r3]: { parents: [r1], message: messages["r3"] ?? "" },
    [r2]: { parents: [r1], message: messages["r2"] ?? "" },
    [r1]: { parents: [], message: messages["r1"] ?? "" },
    [other]: { parents: [], message: "" },
  },
});

const allow = (name: string): string => `Work\n\nSlipway-Allow: delete app/${name}\n`;

const read = async (
  history: History,
  inventories: Readonly<Record<string, Inventory>>,
  { revision = r4, retry = [] as readonly string[], allowRewind = false } = {},
) =>
  await readTrail(
    worldOf(history, allowRewind),
    requestOf(retry),
    revision,
    new Map(Object.entries(inventories)),
    startedAt,
  );

const allowed: readonly (readonly [
  what: string,
  inventories: Readonly<Record<string, Inventory>>,
  ...allows: string[],
])[] = [
  ["a machine that never had one: HEAD's own", {}, "app/d"],
  ["since r1: of all parents", { m1: at(r1) }, "app/d", "app/b", "app/c"],
  ["since r2: what came by the other side", { m1: at(r2) }, "app/d", "app/c"],
  ["HEAD itself: still HEAD's", { m1: at(r4) }, "app/d"],
  ["since the oldest of several machines", { m1: at(r4), m2: at(r2) }, "app/d", "app/c"],
];

for (const [what, inventories, ...wanted] of allowed) {
  test(`trailers count between what was applied and HEAD: ${what}`, async () => {
    const history = merged({ r1: allow("a"), r2: allow("b"), r3: allow("c"), r4: allow("d") });
    const trail = await read(history, inventories);
    assert.equal(trail.refusal, undefined);
    assert.deepEqual(trail.allows.map((a) => a.address).toSorted(), wanted.toSorted());
  });
}

test("a revision that does not descend from the last one applied is refused, unless it may", async () => {
  const back = await read(merged({}), { m1: at(r4) }, { revision: r2 });
  assert.equal(back.refusal, "22222222 does not descend from 44444444, the last one applied");
  const elsewhere = await read(merged({}), { m1: at(other) });
  assert.match(elsewhere.refusal ?? "", /^44444444 does not descend from 55555555/);
  const gone = await read(merged({}), { m1: at(rev("9")) });
  assert.match(gone.refusal ?? "", /^44444444 does not descend from 99999999/);
  const rewound = await read(merged({}), { m1: at(r4) }, { revision: r2, allowRewind: true });
  assert.equal(rewound.refusal, undefined);
  const lost = await read(merged({}), { m1: at(rev("9")) }, { allowRewind: true });
  assert.equal(lost.refusal, undefined);
});

const retry = "Again\n\nSlipway-Retry: app/shop\n";
const retried: readonly (readonly [
  what: string,
  messages: Readonly<Record<string, string>>,
  failedAt: string,
  asked: readonly string[],
  isRetried: boolean,
])[] = [
  ["nobody asked", {}, r2, [], false],
  ["asked on the command line", {}, r2, ["shop"], true],
  ["asked for another app", {}, r2, ["db"], false],
  ["a trailer after the failure", { r4: retry }, r2, [], true],
  ["a trailer on the commit that failed", { r4: retry }, r4, [], false],
  ["a trailer that the failure does not precede", { r3: retry }, r2, [], false],
];

for (const [what, messages, failedAt, asked, isRetried] of retried) {
  test(`another try: ${what}`, async () => {
    const trail = await read(merged(messages), { m1: at(r1, failedAt) }, { retry: asked });
    assert.equal(trail.isRetried("shop", mark(failedAt)), isRetried);
  });
}

test("what failed in this very pass is not tried again by the same wish", async () => {
  const trail = await read(merged({}), { m1: at(r1, r2) }, { retry: ["shop"] });
  assert.equal(trail.isRetried("shop", { ...mark(r2), at: startedAt }), false);
});

test("a tree was applied before only by the ledger of this fleet, and another revision's", async () => {
  const note = (fleet: string, outcome: string, tree: string): string =>
    JSON.stringify({
      version: 1,
      fleet,
      revision: r2,
      outcome,
      apps: [],
      troubles: [],
      held: [],
      tree,
    });
  const asked = async (notes: Readonly<Record<string, string>>): Promise<boolean> =>
    await wasApplied(worldOf({ ...merged({}), notes }), "acme", "t", r4);
  assert.equal(await asked({ [r2]: note("acme", "applied", "t") }), true);
  assert.equal(await asked({ [r2]: note("acme", "failed", "t") }), false);
  assert.equal(await asked({ [r2]: note("acme", "applied", "u") }), false);
  assert.equal(await asked({ [r2]: note("acme-staging", "applied", "t") }), false);
  assert.equal(await asked({ [r4]: note("acme", "applied", "t") }), false);
  assert.equal(await asked({ [r2]: "not JSON" }), false);
});

const thaw = (what: string): string => `Work\n\nSlipway-Allow: thaw ${what}\n`;

test("what thaws counts once: in HEAD, and in what came with it since the last pass", async () => {
  const history = merged({ r1: thaw("app/a"), r2: thaw("app/b"), r4: thaw("fleet") });
  assert.deepEqual((await read(history, { m1: at(r1) })).thaws, ["fleet", "app/b"]);
  assert.deepEqual((await read(history, { m1: at(r2) })).thaws, ["fleet"]);
  assert.deepEqual((await read(history, { m1: at(r4) })).thaws, ["fleet"]);
  const kept = { ...at(r2), stands: { fleet: r1 } };
  assert.deepEqual((await read(history, { m1: kept })).thaws, ["fleet"]);
  assert.deepEqual((await read(history, { m1: kept, m2: at(r1) })).thaws, ["fleet"]);
});

test("what was allowed while something was kept back is allowed still: all, or of that app", async () => {
  const history = merged({ r2: allow("b"), r3: allow("c"), r4: "Work" });
  const allowsOf = async (stands: Record<string, string>): Promise<readonly string[]> => {
    const { allows, last } = await read(history, { m1: { ...at(r4), stands } });
    assert.deepEqual(last, { revision: r4, stands });
    return allows.map((a) => a.address).toSorted();
  };
  assert.deepEqual(await allowsOf({}), []);
  assert.deepEqual(await allowsOf({ fleet: r1 }), ["app/b", "app/c"]);
  assert.deepEqual(await allowsOf({ "app/b": r1, "app/d": "" }), ["app/b"]);
});

test("what one machine was told later counts: nothing is kept back any more", async () => {
  const kept = { ...at(r4), stands: { fleet: r1, "app/b": r2 } };
  const { last } = await read(merged({}), { m1: kept, m2: { ...at(r4), stands: { "app/b": r2 } } });
  assert.deepEqual(last, { revision: r4, stands: { "app/b": r2 } });
  assert.equal((await read(merged({}), { m1: at(undefined) })).last, undefined);
});
