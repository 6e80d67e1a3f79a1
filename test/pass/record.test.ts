import type { Resource } from "../../src/model/resource.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { markFailed, markGood, recordImages, recordRelease } from "../../src/apply/record.ts";
import type { Hold } from "../../src/apply/lock.ts";
import type { Change } from "../../src/model/change.ts";
import { noRenames, type Renames } from "../../src/plan/renames.ts";
import type { Documents } from "../../src/model/documents.ts";
import { emptyInventory, parseInventory, type Inventory } from "../../src/model/inventory.ts";
import type { Live } from "../../src/model/live.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { OutcomeName, RevisionOutcome } from "../../src/model/outcome.ts";
import type { Held } from "../../src/model/plan.ts";
import { machinesToRecord, recordEnding, recordFailure } from "../../src/pass/record.ts";
import type { FamilySurvey, Survey } from "../../src/pass/survey.ts";
import { StepFailure } from "../../src/apply/failure.ts";
import { facts } from "../support/converge.ts";
import { changeOf, mark, planOf, rev } from "./facts.ts";

const at = "2026-02-02T00:00:00.000Z";
const reference = (digit: string): string => `shop@sha256:${digit.repeat(64)}`;

const familyOf = (more: Partial<FamilySurvey> = {}): FamilySurvey => ({
  family: "shop",
  machines: ["web-1"],
  decision: { state: "go" },
  inputDigest: (machine) => `input on ${machine}`,
  ownDigest: () => undefined,
  declared: "d",
  images: new Map([["shop:2", reference("2")]]),
  ...more,
});

interface Seen {
  /** Default: it does. */
  readonly runs?: boolean;
  readonly families?: readonly FamilySurvey[];
  readonly inventory?: Inventory;
  readonly volumes?: Live<ReadonlyMap<string, unknown>>;
  readonly kept?: readonly string[];
  readonly held?: readonly Held[];
  readonly open?: readonly Change[];
  readonly renames?: Renames;
  /** Digest of its release, which another machine remembers. */
  readonly released?: string;
  readonly stands?: Readonly<Record<string, string>>;
}

const running = (isRunning: boolean): Resource => ({
  address: "machine/web-1/app/shop/container/1",
  kind: "app/container",
  machine: "web-1",
  app: "shop",
  family: "shop",
  name: "1",
  spec: { running: isRunning },
});

const ranBefore = (digest: string): Resource => ({
  address: `machine/web-1/app/shop/release/${digest}`,
  kind: "app/release",
  machine: "web-1",
  app: "shop",
  family: "shop",
  name: digest,
  spec: { hasRun: true, digest },
});

function lookOf(seen: Seen): Survey {
  const inventory = seen.inventory ?? emptyInventory("acme", "web-1");
  const observation: Observation = {
    machine: "web-1",
    facts,
    inventory: { state: "present", value: inventory },
    kinds: new Map([["app/volume", seen.volumes ?? { state: "present", value: new Map() }]]),
    troubles: [],
  };
  return {
    targets: new Map(),
    observations: new Map([["web-1", observation]]),
    inventories: new Map([["web-1", inventory]]),
    families: seen.families ?? [familyOf()],
    apps: [],
    resources: [running(seen.runs ?? true), ...(seen.released ? [ranBefore(seen.released)] : [])],
    plan: planOf(seen.open ?? [], { held: seen.held ?? [] }),
    unresolved: new Map(),
    keptVolumes: new Set(seen.kept ?? []),
    trail: {
      retried: [],
      allows: [],
      applied: [],
      isRetried: () => false,
      isFormer: () => true,
      thaws: [],
    },
    renames: seen.renames ?? noRenames,
    standing: {
      documents: {} as Documents,
      held: [],
      closed: new Map(),
      behind: new Map(),
      stuck: new Set(),
      isStill: false,
      stands: seen.stands ?? {},
    },
  };
}

const outcomeOf = (app: OutcomeName, text = "live on web-1"): RevisionOutcome => ({
  version: 1,
  fleet: "acme",
  revision: rev("3"),
  subject: "",
  outcome: app,
  text: "",
  changes: 0,
  apps: [
    {
      family: "shop",
      outcome: app,
      text,
      machines: [],
      imageDigests: [],
      changes: 0,
    },
  ],
  held: [],
  troubles: [],
  startedAt: at,
  durationMs: 0,
  cause: "commit",
});

/** A machine under its lock, as far as records go: an inventory that is read, changed and written. */
function holdOf(inventory: Inventory): { readonly hold: Hold; written(): Inventory } {
  let current = inventory;
  const hold: Partial<Hold> = {
    update: (change) => {
      current = change(current);
      return Promise.resolve();
    },
  };
  return { hold: hold as Hold, written: () => current };
}

async function recorded(seen: Seen, outcome: RevisionOutcome): Promise<Inventory> {
  const look = lookOf(seen);
  const { hold, written } = holdOf(seen.inventory ?? emptyInventory("acme", "web-1"));
  const holds = {
    taken: new Map([["web-1", hold]]),
    troubles: [],
    take: () => Promise.resolve(false),
    lose: () => Promise.resolve(),
    release: () => Promise.resolve(),
  };
  await recordEnding({ holds, look, outcome, isNews: false, at });
  return written();
}

const before = markFailed(emptyInventory("acme", "web-1"), "shop", mark(rev("2")));

test("what is proven is good, and no longer failed; what its texts meant stands with it", async () => {
  const { apps, revision } = await recorded({ inventory: before }, outcomeOf("applied"));
  assert.deepEqual(apps["shop"], {
    good: {
      revision: rev("3"),
      inputDigest: "input on web-1",
      imageDigest: reference("2"),
      images: { "shop:2": reference("2") },
      reason: "live on web-1",
      at,
    },
    images: { "shop:2": reference("2") },
    releases: [],
  });
  assert.equal(revision, rev("3"));
});

for (const outcome of ["reverted", "failed", "held", "incomplete", "superseded"] as const) {
  test(`what is ${outcome} is not proven: its marks stay, the revision is written`, async () => {
    const after = await recorded({ inventory: before }, outcomeOf(outcome));
    assert.deepEqual(after.apps, before.apps);
    assert.equal(after.revision, rev("3"));
  });
}

test("a good mark of the same input keeps its revision and its time", async () => {
  const once = await recorded({}, outcomeOf("applied"));
  const later = { ...outcomeOf("applied"), revision: rev("4") };
  const twice = await recorded({ inventory: once }, later);
  assert.equal(twice.apps["shop"]?.good?.revision, rev("3"));
  assert.equal(twice.revision, rev("4"));
});

test("machines that an app does not run on get no mark of it", async () => {
  const families = [familyOf({ machines: ["web-2"] })];
  assert.deepEqual((await recorded({ families }, outcomeOf("applied"))).apps, {});
});

test("what has gone is forgotten, but not while it goes, nor while another deletion is held", async () => {
  const gone = markGood(emptyInventory("acme", "web-1"), "old", mark(rev("1")));
  const goodAfter = async (seen: Seen): Promise<boolean> => {
    const { apps } = await recorded({ inventory: gone, ...seen }, outcomeOf("held"));
    return apps["old"]?.good !== undefined;
  };
  assert.equal(await goodAfter({}), false);
  assert.equal(await goodAfter({ open: [changeOf("old")] }), true);
  const guarded: Held = { address: "app/other", code: "guard", text: "", machine: "web-1" };
  assert.equal(await goodAfter({ held: [guarded] }), true);
});

test("a failure is marked on all machines of the app, before anything returns", async () => {
  const holds = ["web-1", "web-2", "web-3"].map(
    (m) => [m, holdOf(emptyInventory("acme", m))] as const,
  );
  const failing: Partial<Hold> = {
    update: () => Promise.reject(new StepFailure("machine", "disk")),
  };
  const family = familyOf({ machines: ["web-1", "web-2", "web-4"] });
  const taken = new Map([
    ...holds.map(([m, h]) => [m, h.hold] as const),
    ["web-4", failing as Hold],
  ]);
  await recordFailure(taken, family, rev("3"), new StepFailure("app", "exit 1"), at);
  const failed = holds.map(([, h]) => h.written().apps["shop"]?.failed);
  assert.deepEqual(
    failed.map((f) => f && [f.revision, f.inputDigest, f.reason]),
    [[rev("3"), "input on web-1", "exit 1"], [rev("3"), "input on web-2", "exit 1"], undefined],
    "a machine that cannot be written to keeps the mark from none of the others",
  );
});

const address = "machine/web-1/app/shop/volume/data";
const destroy: Held = { address, code: "destroy", text: "", machine: "web-1" };

test("a kept volume is remembered with the revision that first let go of it", async () => {
  const first = await recorded({ held: [destroy], kept: [address] }, outcomeOf("applied"));
  assert.deepEqual(first.kept, { [address]: rev("3") });
  const later = { ...outcomeOf("applied"), revision: rev("4") };
  const still = await recorded({ inventory: first, kept: [address] }, later);
  assert.deepEqual(still.kept, { [address]: rev("3") });
  const declaredAgain = await recorded({ inventory: first }, later);
  assert.deepEqual(declaredAgain.kept, {});
});

test("while volumes are unknown, what is written of them stands", async () => {
  const inventory = { ...emptyInventory("acme", "web-1"), kept: { [address]: rev("1") } };
  const volumes = { state: "unknown", why: "the engine does not answer" } as const;
  assert.deepEqual(
    (await recorded({ inventory, volumes }, outcomeOf("applied"))).kept,
    inventory.kept,
  );
});

test("a release that ran elsewhere is remembered by all machines of its app", async () => {
  const once = await recorded({ released: "r1" }, outcomeOf("applied"));
  assert.deepEqual(once.apps["shop"]?.releases, ["r1"]);
  const seen = { inventory: once, released: "r1" };
  assert.deepEqual(await recorded(seen, outcomeOf("applied")), once);
  const elsewhere = { released: "r1", families: [familyOf({ machines: ["web-2"] })] };
  assert.deepEqual((await recorded(elsewhere, outcomeOf("applied"))).apps, {});
});

test("only machines whose record changes are written to, unless there is news", async () => {
  const inventory = await recorded({}, outcomeOf("applied"));
  const ending = { look: lookOf({ inventory }), outcome: outcomeOf("applied"), at };
  assert.deepEqual(machinesToRecord({ ...ending, isNews: false }), []);
  assert.deepEqual(machinesToRecord({ ...ending, isNews: true }), ["web-1"]);
  const newer = { ...ending, outcome: { ...ending.outcome, revision: rev("4") } };
  assert.deepEqual(machinesToRecord({ ...newer, isNews: false }), ["web-1"]);
});

test("what is remembered of images and releases is bounded, the oldest go", () => {
  let inventory = emptyInventory("acme", "web-1");
  for (let n = 0; n < 60; n++) {
    inventory = recordImages(inventory, "shop", new Map([[`shop:${n}`, `d${n}`]]));
    inventory = recordRelease(inventory, "shop", `r${n}`);
  }
  const { images = {}, releases = [] } = inventory.apps["shop"] ?? {};
  assert.equal(Object.keys(images).length, 50);
  assert.equal(Object.keys(images)[0], "shop:10");
  assert.equal(images["shop:59"], "d59");
  assert.deepEqual([releases.length, releases[0], releases.at(-1)], [20, "r40", "r59"]);
});

test("an inventory reads back as it was written", async () => {
  const inventory = await recorded(
    { inventory: before, held: [destroy], kept: [address] },
    outcomeOf("applied"),
  );
  assert.deepEqual(parseInventory(JSON.stringify(inventory)), inventory);
});

test("an app that is to run nowhere is not proven by that", async () => {
  const { apps } = await recorded({ runs: false }, outcomeOf("applied"));
  assert.equal(apps["shop"]?.good, undefined);
});

test("what is kept back is written down with the revision, and no longer once it is let through", async () => {
  const stands = { fleet: rev("1"), "app/shop": rev("2") };
  const held = await recorded({ stands }, outcomeOf("held"));
  assert.deepEqual(held.stands, stands);
  assert.deepEqual(parseInventory(JSON.stringify(held)), held);
  const free = await recorded({ inventory: held }, outcomeOf("applied"));
  assert.equal("stands" in free, false);
});
