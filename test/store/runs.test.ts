import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { jsonFile } from "../../src/lib/json-file.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { maxRunsBytes, openRuns } from "../../src/store/runs.ts";

const outcome = (revision: string, text = "healthy"): RevisionOutcome => ({
  version: 1,
  fleet: "acme",
  revision,
  subject: "Change",
  outcome: "applied",
  text,
  changes: 1,
  apps: [],
  held: [],
  troubles: [],
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  cause: "commit",
});

suite("runs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-runs-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  const file = () => jsonFile(join(folder, "runs.json"), maxRunsBytes);

  test("the newest come first and survive, the oldest go", async () => {
    const { runs } = await openRuns(file(), 3);
    for (const revision of ["a", "b", "c", "b", "d"])
      await runs.add(outcome(revision, `${revision} done`));
    const again = (await openRuns(file(), 3)).runs;
    assert.deepEqual(
      again.list().map((o) => o.revision),
      ["d", "b", "c"],
    );
    assert.deepEqual(
      again.list(1).map((o) => o.revision),
      ["d"],
    );
    assert.equal(again.of("b")?.text, "b done");
    assert.equal(again.of("a"), undefined);
  });

  test("the file stays within its limit, whatever was put in", async () => {
    const { runs } = await openRuns(file());
    for (let i = 0; i < 6; i++) await runs.add(outcome(String(i), "x".repeat(1024 * 1024)));
    assert.ok((await stat(join(folder, "runs.json"))).size <= maxRunsBytes);
    const again = await openRuns(file());
    assert.equal(again.warning, undefined);
    assert.deepEqual(
      again.runs.list().map((o) => o.revision),
      ["5", "4", "3"],
    );
    const logTail = ["x".repeat(5 * 1024 * 1024)];
    const evidence = [{ machine: "web-1", container: "c", logTail }];
    const app = {
      family: "shop",
      outcome: "failed",
      text: "",
      machines: [],
      imageDigests: [],
      changes: 1,
      evidence,
    } as const;
    await again.runs.add({ ...outcome("huge"), apps: [app] });
    assert.equal((await openRuns(file())).runs.of("huge")?.text, "healthy");
  });

  for (const damage of [
    "{",
    "[]",
    '{"version":2,"runs":[]}',
    '{"version":1,"runs":[null,{"version":1},"x"]}',
  ]) {
    test(`${damage} is an empty history`, async () => {
      await writeFile(join(folder, "runs.json"), damage);
      const { runs } = await openRuns(file());
      assert.deepEqual(runs.list(), []);
      await runs.add(outcome("a"));
      assert.equal((await openRuns(file())).runs.list().length, 1);
    });
  }
});
