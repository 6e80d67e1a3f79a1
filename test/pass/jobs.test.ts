import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jobStatuses } from "../../src/pass/jobs.ts";
import { jobState, plainJob } from "../support/job-states.ts";
import { documentsOf } from "../support/sim-fleet.ts";

const nowMs = Date.parse("2026-01-02T12:00:00Z");
const ran = { status: "exited", startedAt: "2026-01-02T02:00:00Z" };

const statusOf = async (containers: readonly object[], but: object = {}) => {
  const { apps } = await documentsOf(
    {
      "slipway.yaml": "fleet: acme\n",
      "machines/web-1.yaml": "address: 10.0.0.1\n",
      "apps/shop.yaml":
        'image: a\nmachines: web-1\njobs: { report: { schedule: "0 3 * * *", timezone: Europe/Berlin } }\n',
    },
    "1".repeat(40),
  );
  const app = [...apps.values()][0]!;
  const fields = app.fields.jobs!["report"]!;
  const state = jobState(plainJob, containers, but);
  const [status] = jobStatuses(
    [{ app, machine: "web-1", job: "report", fields, unit: "x.service", state }],
    nowMs,
  );
  return status!;
};

describe("how a job went", () => {
  test("has not run, and when it will", async () => {
    const { last, next, running } = await statusOf([{}]);
    assert.deepEqual([last, next, running], [undefined, "2026-01-03T02:00:00.000Z", undefined]);
  });

  test("never, where its timer does not wait", async () =>
    assert.equal((await statusOf([{}], { isActive: false })).next, undefined));

  test("the last run of all its containers", async () => {
    const older = { ...ran, name: "older", startedAt: "2026-01-01T02:00:00Z", exitCode: 1 };
    const newer = { ...ran, name: "newer", finishedAt: "2026-01-02T02:00:09Z", exitCode: 3 };
    assert.deepEqual((await statusOf([{}, older, newer])).last, {
      container: "newer",
      startedAt: ran.startedAt,
      endedAt: "2026-01-02T02:00:09Z",
      exitCode: 3,
    });
  });

  test("was stopped at its deadline", async () => {
    const late = { ...ran, finishedAt: "2026-01-02T03:00:01Z", exitCode: 137 };
    assert.equal((await statusOf([late])).last?.late, true);
    assert.equal((await statusOf([{ ...late, exitCode: 0 }])).last?.late, undefined);
  });

  test("runs", async () => {
    const { running, last } = await statusOf([{ ...ran, status: "running", running: true }]);
    assert.equal(running, true);
    assert.equal(last?.endedAt, undefined);
  });
});
