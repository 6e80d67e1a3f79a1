import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { createGithub } from "../../src/forges/github.ts";
import { openOutbox } from "../../src/forges/outbox.ts";
import { type ForgeReporter, reportToForge } from "../../src/forges/reporter.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { jsonFile } from "../../src/lib/json-file.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { until } from "../fleet/wait.ts";
import { type GithubDouble, startGithub } from "../support/github.ts";

const [older, known, head] = ["a", "b", "c"].map((c) => c.repeat(40)) as [string, string, string];

const outcome = (revision: string): RevisionOutcome => ({
  version: 1,
  fleet: "acme",
  revision,
  subject: "Change",
  outcome: "applied",
  text: "shop live on web-1",
  changes: 1,
  apps: [
    {
      family: "shop",
      outcome: "applied",
      text: "live on web-1",
      machines: ["web-1"],
      imageDigests: [],
      changes: 1,
    },
  ],
  held: [],
  troubles: [],
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  cause: "commit",
});

const start = Date.now();
/** A second here is twenty milliseconds outside. */
const clock: Clock = {
  now: () => start + (Date.now() - start) * 50,
  sleep: async (ms, signal) => await systemClock.sleep(ms / 50, signal),
};

suite("telling the forge", () => {
  let github: GithubDouble;
  let folder: string;
  let warnings: string[];
  let reporter: ForgeReporter;
  const open = async (): Promise<ForgeReporter> => {
    const forge = createGithub({
      repository: github.repository,
      api: github.api,
      token: github.token,
      timeoutMs: 600_000,
    });
    const file = jsonFile(join(folder, "outbox.json"), 1_000_000);
    const { outbox } = await openOutbox({ forge, file, clock });
    return reportToForge({
      forge,
      outbox,
      clock,
      recent: async () => [head, known, older],
      outcomeOf: async (_, revision) => (revision === known ? outcome(known) : undefined),
      warn: (text) => void warnings.push(text),
    });
  };
  beforeEach(async () => {
    github = await startGithub({ commits: [older, known, head] });
    folder = await mkdtemp(join(tmpdir(), "slipway-reporter-"));
    warnings = [];
    reporter = await open();
  });
  afterEach(async () => {
    await reporter.close(0);
    await github.close();
    await rm(folder, { recursive: true });
    assert.deepEqual(github.violations, []);
  });
  const said = (sha: string) =>
    github.statuses(sha).map((s) => `${s.context} ${s.state}: ${s.description}`);

  test("a pass from start to end", async () => {
    await reporter.started("acme", head, ["shop"]);
    await reporter.ended(outcome(head));
    await reporter.close(3_600_000);
    const last = said(head).filter((s) => !s.includes("pending"));
    assert.deepEqual(last, [
      "slipway/acme success: shop live on web-1",
      "slipway/acme/shop success: live on web-1",
    ]);
    assert.deepEqual(warnings, []);
  });

  test("what waits goes by itself, without a pass", async () => {
    github.fail({ kind: "status", status: 500 });
    await reporter.ended(outcome(head));
    await until("both are said", () => Promise.resolve(said(head).length >= 2 || undefined));
    assert.equal(said(head).length, 2);
    assert.deepEqual(warnings, ["statuses wait: GitHub answered 500: status 500"]);
  });

  test("what a controller before left pending is ended: by the ledger, else as superseded", async () => {
    for (const revision of [older, known, head]) await reporter.started("acme", revision, []);
    await reporter.close(3_600_000);
    reporter = await open();
    await reporter.ended(outcome(head));
    reporter.resume("acme", head);
    await reporter.close(3_600_000);
    assert.equal(said(older).at(-1), "slipway/acme error: superseded by cccccccc");
    assert.equal(said(known).at(-1), "slipway/acme success: shop live on web-1");
    assert.equal(
      said(head).find((s) => !s.includes("pending")),
      "slipway/acme success: shop live on web-1",
    );
    assert.deepEqual(warnings, []);
  });

  test("also where the forge was away when this one started", async () => {
    for (const revision of [older, known]) await reporter.started("acme", revision, ["shop"]);
    await reporter.close(3_600_000);
    for (let i = 0; i < 6; i++) github.fail({ kind: "status", status: 502 });
    reporter = await open();
    await reporter.ended(outcome(head));
    reporter.resume("acme", head);
    const isClosed = (): boolean =>
      [older, known].every((sha) => said(sha).filter((s) => !s.includes("pending")).length === 2);
    await until("nothing is pending", () => Promise.resolve(isClosed() || undefined));
    assert.deepEqual(said(older).slice(2).toSorted(), [
      "slipway/acme error: superseded by cccccccc",
      "slipway/acme/shop error: superseded by cccccccc",
    ]);
    assert.deepEqual(said(known).slice(2).toSorted(), [
      "slipway/acme success: shop live on web-1",
      "slipway/acme/shop success: live on web-1",
    ]);
    assert.equal(warnings.filter((w) => w.startsWith("what is pending")).length, 1);
  });

  test("what is newer than what this one knew is left to others", async () => {
    await reporter.started("acme", head, []);
    await reporter.close(3_600_000);
    reporter = await open();
    reporter.resume("acme", known);
    await reporter.close(3_600_000);
    assert.deepEqual(said(head), ["slipway/acme pending: looking"]);
  });

  test("an app that is changed is pending too, and ends with it, whatever was changed then", async () => {
    await reporter.started("acme", head, ["shop"]);
    await until("both are said", () => Promise.resolve(said(head).length >= 2 || undefined));
    const [shop] = outcome(head).apps;
    assert.ok(shop !== undefined);
    await reporter.ended({ ...outcome(head), apps: [{ ...shop, changes: 0 }] });
    await reporter.close(3_600_000);
    assert.deepEqual(said(head), [
      "slipway/acme pending: changing shop",
      "slipway/acme/shop pending: deploying",
      "slipway/acme success: shop live on web-1",
      "slipway/acme/shop success: live on web-1",
    ]);
  });

  test("a forge that does not answer holds nobody up, and its status goes with the next process", async () => {
    github.fail({ kind: "hang" });
    await reporter.ended(outcome(head));
    await until("it is asked", () => Promise.resolve(github.requests.length > 0 || undefined));
    await reporter.close(0);
    assert.deepEqual(said(head), []);
    reporter = await open();
    await reporter.close(3_600_000);
    assert.equal(said(head).length, 2);
  });
});
