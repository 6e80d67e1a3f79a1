import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JobStatus } from "../../src/model/status.ts";
import { knownTimezones, parseSchedule } from "../../src/lib/schedule.ts";
import { calendarOf } from "../../src/lib/calendar.ts";
import { until } from "../fleet/wait.ts";
import { settingsFile } from "../support/infra.ts";
import { assertPublished } from "../support/published.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

const unit = "slipway-acme.shop.report";
const never = "0 3 29 2 *";

/** On a machine that systemd has booted. Running by hand is done as users do it, else the command runs in this process. */
describe("jobs of an app", { timeout: 600_000 }, () => {
  let stage: Stage;
  let image: (tag: string) => string;

  const run = async (...argv: string[]): Promise<string> =>
    (await stage.fleet.machine("web-1").exec(argv, { timeoutMs: 100_000 })).stdout.trim();
  const property = (name: string, suffix = "service"): Promise<string> =>
    run("systemctl", "show", "-P", name, `${unit}.${suffix}`);
  const app = (command: string, more = "", { tag = "1", schedule = never } = {}): string => `
image: ${image(tag)}
machines: all
instances: 0
deploy: { stopTimeout: 1s }
env: { GREETING: hello }
jobs:
  report: { schedule: "${schedule}", command: ["sh", "-c", ${JSON.stringify(command)}]${more} }
`;
  const declare = async (text: string | undefined): Promise<string> =>
    await stage.commit("Jobs", { "apps/shop.yaml": text });
  const ended = async (ran: Promise<Ran>, code = 0): Promise<string> => {
    const { code: actual, stdout, stderr } = await ran;
    assert.equal(actual, code, `${stdout}${stderr}`);
    return stdout;
  };
  /** Nothing is left to do afterwards. */
  const settle = async (): Promise<void> => {
    await ended(stage.here(["reconcile"]));
    await ended(stage.here(["plan", "--exit-code"]));
  };
  const report = async (): Promise<JobStatus> => {
    const { jobs } = JSON.parse(await ended(stage.here(["jobs", "list", "--json"]))) as {
      jobs: readonly JobStatus[];
    };
    assert.equal(jobs.length, 1);
    return jobs[0] as JobStatus;
  };
  const containers = async (): Promise<string> =>
    await run("docker", "ps", "-a", "--format", "{{.Names}} {{.State}}");
  const isRunning = async (): Promise<true | undefined> =>
    (await containers()).includes("running") ? true : undefined;
  const isStill = async (): Promise<true | undefined> =>
    (await containers()).includes("running") ? undefined : true;

  before(async () => {
    stage = await openStage({ machines: [{ name: "web-1", bare: "engine" }] });
    const { images, registry } = stage.fleet;
    assert.ok(images && registry);
    image = (tag) => `${registry.address}/shop:${tag}`;
    await images.push("shop", "1");
    await images.push("shop", "2");
    await stage.commit("Machines", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
    });
  });
  after(async () => {
    await stage?.close();
  });

  test("run by hand with the app's environment, and tell how they end", async () => {
    const first = await declare(app("echo $GREETING from $SLIPWAY_JOB; exit 3"));
    await settle();
    assert.equal(await property("ActiveState", "timer"), "active");
    assert.equal(await property("UnitFileState", "timer"), "enabled");
    const ran = await stage.slipway(["jobs", "run", "shop", "report"]);
    assert.deepEqual([ran.code, ran.stdout], [3, "hello from report\n"], ran.stderr);
    const { last, next } = await report();
    assert.deepEqual([last?.exitCode, last?.lines], [3, ["hello from report"]]);
    assert.equal(next, new Date(parseSchedule(never).next(Date.now()) ?? 0).toISOString());
    assert.match(await ended(stage.here(["jobs", "list"])), /shop +report +web-1 +exit code 3/);
    const status = await ended(stage.here(["status"]));
    assert.match(status, /shop report on web-1: hello from report/);
    const json = JSON.parse(await ended(stage.here(["status", "--json"]))) as object;
    assertPublished("status", json);
    assertPublished("jobs", JSON.parse(await ended(stage.here(["jobs", "list", "--json"]))));
    const again = JSON.parse(
      await ended(stage.here(["jobs", "run", "shop", "report", "--json"]), 3),
    ) as object;
    assertPublished("jobs-run", again);
    await settle();
    await stage.revert(first);
    await settle();
    assert.equal(await containers(), "");
    const left = "ls /etc/systemd/system /var/lib/systemd/timers | grep slipway || :";
    assert.equal(await run("sh", "-c", left), "");
  });

  test("heal what is changed by hand", async () => {
    await declare(app("true"));
    await settle();
    const edit = `echo X=1 >>/etc/systemd/system/${unit}.service; systemctl disable --now ${unit}.timer`;
    await run("sh", "-c", edit);
    const plan = await ended(stage.here(["plan", "--exit-code"]), 2);
    assert.match(plan, /the units of job report of shop are not as written/);
    assert.match(plan, /apps\/shop\.yaml:8/);
    await settle();
    await run("docker", "container", "prune", "--force");
    await settle();
    await ended(stage.here(["jobs", "run", "shop", "report"]));
  });

  test("are fired by their timer", async () => {
    const before = (await report()).last?.container;
    const isFired = async (): Promise<true | undefined> => {
      const { last } = await report();
      return last?.exitCode === 0 && last.container !== before ? true : undefined;
    };
    const endedAt = "ExecMainExitTimestampMonotonic";
    const formerly = await property(endedAt);
    await declare(app("echo fired", "", { schedule: "* * * * *" }));
    await settle();
    // It takes up to a minute, in which asking by the command would be most of the machine's work.
    const isSame = `[ "$(systemctl show -P ${endedAt} "$1.service")" = "$2" ]`;
    await run("sh", "-c", `while ${isSame}; do sleep 0.3; done`, "sh", unit, formerly);
    await until("the timer", isFired, 120_000);
    assert.match(await ended(stage.here(["logs", "shop"])), /fired/);
  });

  test("go on through a deploy, do not overlap, and the next run takes the new version", async () => {
    await declare(app("echo $VERSION; while [ ! -e /tmp/end ]; do sleep 0.1; done"));
    await settle();
    await run("systemctl", "start", "--no-block", unit);
    await until("the job", isRunning);
    const before = await containers();
    await run("systemctl", "start", "--no-block", unit);
    await ended(stage.here(["jobs", "run", "shop", "report"]), 1);
    await declare(app("echo $VERSION", "", { tag: "2" }));
    await settle();
    const name = before.split(" ")[0] ?? "";
    assert.match(await containers(), new RegExp(`${name} running`));
    await run("docker", "exec", name, "touch", "/tmp/end");
    await until("its end", isStill);
    await until("its unit", async () =>
      (await property("ActiveState")) === "inactive" ? true : undefined,
    );
    assert.equal((await report()).last?.exitCode, 0);
    assert.equal(await ended(stage.here(["jobs", "run", "shop", "report"])), "2\n");
  });

  test("end at their deadline", async () => {
    await declare(app("echo slow; sleep 1000", ", deadline: 2s"));
    await settle();
    const ran = await stage.slipway(["jobs", "run", "shop", "report"]);
    assert.equal(ran.code, 137, ran.stderr);
    assert.equal((await report()).last?.late, true);
    await until("its unit", async () =>
      (await property("ActiveState")) === "failed" ? true : undefined,
    );
    assert.equal(await property("ExecMainStatus"), "124");
  });

  test("are left to end when their app goes", async () => {
    await declare(app("while [ ! -e /tmp/end ]; do sleep 0.1; done"));
    await settle();
    await run("systemctl", "start", "--no-block", unit);
    await until("the job", isRunning);
    await declare(undefined);
    await settle();
    assert.match(await containers(), /running/);
    const name = (await containers()).split(" ")[0] ?? "";
    await run("docker", "exec", name, "touch", "/tmp/end");
    await until("its end", isStill);
    await settle();
    assert.equal(await containers(), "");
  });

  test("have times that systemd understands as cron does", async () => {
    const schedules = ["*/15 8-17 * * 1-5", "0 3 29 2 *", "30 4 L * *", "0 0 13 JAN,jul FRI"];
    for (const timezone of ["UTC", "Asia/Kolkata", "America/Argentina/Buenos_Aires"]) {
      assert.ok(knownTimezones().includes(timezone) || timezone.startsWith("A"));
      for (const schedule of schedules) {
        const times = await Promise.all(
          calendarOf(schedule, timezone).map(async (time) => {
            const said = await run("systemd-analyze", "calendar", time);
            const zoned =
              /\(in UTC\): \S+ (\S+ \S+) UTC/.exec(said) ?? / elapse: \S+ (\S+ \S+) UTC/.exec(said);
            return Date.parse(`${(zoned?.[1] ?? "").replace(" ", "T")}Z`);
          }),
        );
        assert.equal(Math.min(...times), parseSchedule(schedule, timezone).next(Date.now()));
      }
    }
  });
});
