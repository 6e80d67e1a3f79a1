import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../fleet/wait.ts";
import { startGithub, type GithubDouble } from "../support/github.ts";
import { see } from "../support/witness.ts";
import { openStage, type Daemon, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

/** What a forge sees of a daemon, from the first pending status to the last final one. */
describe("commit statuses", () => {
  let stage: Stage;
  let github: GithubDouble;
  let image: (tag: string) => string;
  let daemon: Daemon;

  const app = (tag: string, more = "", deadline = "60s"): string => `
image: ${image(tag)}
port: 8080
health: { http: /up, interval: 100ms, deadline: ${deadline} }
deploy: { stopTimeout: 1s }
${more}`;

  /** Ends only when its controller does, or is told to make room. */
  const stuck = (round: string): string => app("sick", `env: { ROUND: ${round} }\n`, "1h");

  const settings = (): string =>
    `${settingsFile("acme")}forge: { kind: github, repository: ${github.repository}, api: "${github.api}" }\n`;

  const start = async (): Promise<Daemon> =>
    await stage.daemon({ env: { SLIPWAY_FORGE_TOKEN: github.token } });

  /** Commits, and lets the forge know the commit before the daemon can have seen it. */
  const commit: Stage["commit"] = async (message, files) => {
    const revision = await stage.commit(message, files);
    github.addCommit(revision);
    return revision;
  };

  const said = (revision: string, context: string): readonly string[] =>
    github
      .statuses(revision)
      .filter((s) => s.context === context)
      .map((s) => (s.state === "pending" ? "pending" : `${s.state}: ${s.description}`));

  const ended = async (revision: string, context = "slipway/acme"): Promise<readonly string[]> =>
    await until(
      `a final status of ${revision.slice(0, 8)} on ${context}`,
      () => {
        const all = said(revision, context);
        return Promise.resolve(all.at(-1)?.includes(": ") === true ? all : undefined);
      },
      120_000,
    );

  /** Waits until the revision's new container is tried, and all are told so. */
  const isTried = async (revision: string): Promise<void> => {
    const web = stage.fleet.machine("web-1");
    await until("the new container runs", async () =>
      (await see(web, "acme")).holding.containers.some(
        (line) => line.includes(`${image("sick")} `) && line.includes(" running "),
      )
        ? true
        : undefined,
    );
    for (const context of ["slipway/acme", "slipway/acme/shop"])
      await until(`${context} is pending`, () =>
        Promise.resolve(said(revision, context).length > 0 || undefined),
      );
  };

  /** Nothing is said after a final state, which is one. */
  const assertOneEnd = (all: readonly string[], wanted: RegExp): void => {
    const final = all.filter((s) => s !== "pending");
    assert.equal(final.length, 1, all.join("\n"));
    assert.match(final[0] ?? "", wanted);
    assert.equal(all.at(-1), final[0]);
  };

  before(async () => {
    stage = await openStage({ machines: ["web-1"] });
    github = await startGithub();
    const { images, registry } = stage.fleet;
    assert.ok(images && registry);
    image = (tag) => `${registry.address}/shop:${tag}`;
    await images.push("shop", "1");
    await images.push("shop", "2");
    await images.push("shop", "sick", { env: { FAIL: "health" } });
  });

  after(async () => {
    await daemon?.stop();
    assert.deepEqual(github?.violations, []);
    await github?.close();
    await stage?.close();
  });

  test("a deploy is pending, then success, also for the app that it changes", async () => {
    const revision = await commit("Shop 1", {
      "slipway.yaml": settings(),
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "apps/shop.yaml": app("1"),
    });
    daemon = await start();
    assertOneEnd(
      await ended(revision),
      /^success: shop live on web-1 \([0-9a-f]{12}\); last probe: 200 in \d+ ms$/,
    );
    assert.equal(said(revision, "slipway/acme")[0], "pending");
    assertOneEnd(await ended(revision, "slipway/acme/shop"), /^success: live on web-1/);
  });

  test("what changes nothing is success, and no app's", async () => {
    const revision = await commit("Say hello", { "README.md": "hello\n" });
    assertOneEnd(await ended(revision), /^success: nothing to do$/);
    assert.deepEqual(said(revision, "slipway/acme/shop"), []);
  });

  test("a failure says what was seen; what follows says that the app is held", async () => {
    const sick = await commit("Shop sick", { "apps/shop.yaml": app("sick", "", "5s") });
    assertOneEnd(await ended(sick), /^failure: app\/shop still at [0-9a-f]{8}: not healthy.*500/);
    assertOneEnd(await ended(sick, "slipway/acme/shop"), /^failure: .*not healthy/);
    const next = await commit("Say more", { "README.md": "more\n" });
    assertOneEnd(
      await ended(next),
      /^failure: app\/shop still at [0-9a-f]{8}, needs Slipway-Retry: app\/shop or a change: not healthy/,
    );
    const back = await stage.revert(sick);
    github.addCommit(back);
    assertOneEnd(await ended(back), /^success: /);
  });

  test("a revision with an error is rejected with its first finding", async () => {
    const revision = await commit("Mistype", { "apps/shop.yaml": app("1", "imagee: x\n") });
    assertOneEnd(await ended(revision), /^failure: apps\/shop\.yaml:\d+:1: .*imagee/);
    const back = await stage.revert(revision);
    github.addCommit(back);
    assertOneEnd(await ended(back), /^success: nothing to do$/);
  });

  test("a newer revision takes over from one that is still being tried", async () => {
    const slow = await commit("Shop slow", { "apps/shop.yaml": stuck("one") });
    await isTried(slow);
    const revision = await commit("Shop 2", { "apps/shop.yaml": app("2") });
    assertOneEnd(await ended(slow), new RegExp(`^error: superseded by ${revision.slice(0, 8)}$`));
    assertOneEnd(await ended(revision), /^success: shop live/);
  });

  test("what a forge in trouble was not told, it is told later", async () => {
    github.fail({ kind: "status", status: 500 }, "POST");
    github.fail({ kind: "hang" }, "POST");
    github.fail({ kind: "dropped-after" }, "POST");
    const revision = await commit("Shop 1 again", { "apps/shop.yaml": app("1") });
    assertOneEnd(await ended(revision), /^success: shop live/);
    assertOneEnd(await ended(revision, "slipway/acme/shop"), /^success: /);
  });

  test("a daemon that is told to stop in the middle leaves nothing pending, and no lock", async () => {
    const slow = await commit("Shop slow once", { "apps/shop.yaml": stuck("two") });
    await isTried(slow);
    assert.equal(await daemon.stop("SIGTERM"), 0, daemon.lines.join("\n"));
    assertOneEnd(said(slow, "slipway/acme"), /^error: the controller was stopped half-way/);
    assert.equal((await see(stage.fleet.machine("web-1"), "acme")).isLocked, false);
    assert.equal(await stage.note(slow), undefined, "no outcome");
    const revision = await commit("Shop 2 again", { "apps/shop.yaml": app("2") });
    daemon = await start();
    assertOneEnd(await ended(revision), /^success: shop live/);
    assert.equal(said(slow, "slipway/acme").at(-1)?.startsWith("error"), true);
    assert.equal((await stage.slipway(["plan", "--exit-code"])).code, 0);
  });

  test("a controller that dies leaves nothing pending", async () => {
    const slow = await commit("Shop slow again", { "apps/shop.yaml": stuck("three") });
    // The next revision has something to put away only from then on.
    await isTried(slow);
    await daemon.stop("SIGKILL");
    const revision = await commit("Shop 2 again", { "apps/shop.yaml": app("2") });
    daemon = await start();
    assertOneEnd(await ended(revision), /^success: /);
    assertOneEnd(await ended(slow), /^error: superseded by [0-9a-f]{8}$/);
    // The app's own status follows the fleet's, in a post of its own.
    assertOneEnd(await ended(revision, "slipway/acme/shop"), /^success: /);
    assertOneEnd(await ended(slow, "slipway/acme/shop"), /^error: superseded by [0-9a-f]{8}$/);
  });
});
