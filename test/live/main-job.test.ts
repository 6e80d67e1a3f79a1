import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { until } from "../fleet/wait.ts";
import { openController } from "../support/controller.ts";
import { askHttp } from "../support/http.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

/**
 * The main job through the command line, one revision after another, on two machines. The first deploy and a revert are run as
 * users run them; what is said of the others is read in this process.
 */
describe("merging deploys, reverting rolls back", () => {
  let stage: Stage;
  let image: (tag: string) => string;

  const app = (tag: string, more = ""): string => `
image: ${image(tag)}
machines: all
port: 8080
publish: ["8080:8080"]
env: { GREETING: hello }
files: { /etc/shop/shop.toml: shop.toml }
health: { http: /up, interval: 100ms, deadline: ${tag === "sick" ? "3s" : "60s"} }
deploy: { stopTimeout: 2s }
${more}`;

  const versionOn = async (machine: string): Promise<string> =>
    (await askHttp(stage.fleet.machine(machine).privateAddress, 8080, "/"))
      .split("\n")[0]
      ?.replace("version=", "") ?? "";

  const containers = async (machine: string): Promise<string> =>
    await stage.fleet
      .machine(machine)
      .docker(["ps", "-q", "--no-trunc", "--filter", "label=slipway.fleet=acme"]);

  const reconcile = async (by = stage.here) => {
    const ran = await by(["--json", "reconcile"]);
    assert.notEqual(ran.stdout, "", ran.stderr);
    return { ...ran, outcome: JSON.parse(ran.stdout) as Record<string, unknown> };
  };

  const assertEmptyPlan = async (by = stage.here) => {
    const plan = await by(["--json", "plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
    assert.deepEqual((JSON.parse(plan.stdout) as { changes: unknown[] }).changes, []);
  };

  before(async () => {
    stage = await openStage({ machines: ["web-1", "web-2"] });
    const { images, registry } = stage.fleet;
    assert.ok(images && registry);
    image = (tag) => `${registry.address}/shop:${tag}`;
    await images.push("shop", "1");
    await images.push("shop", "2");
    await images.push("shop", "sick", { env: { FAIL: "health" } });
    await images.push("shop", "dead", { env: { FAIL: "exit" } });
    await stage.commit("Shop 1", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "machines/web-2.yaml": stage.machineFile("web-2"),
      "apps/shop/app.yaml": app("1"),
      "apps/shop/shop.toml": "colour = 'red'\n",
    });
  });

  after(async () => {
    await stage?.close();
  });

  test("a plan says what would change, exits with 2, and touches nothing", async () => {
    const plan = await stage.slipway(["--json", "plan", "--exit-code"]);
    assert.equal(plan.code, 2, plan.stderr + plan.stdout);
    const { changes } = JSON.parse(plan.stdout) as {
      changes: { address: string; action: string }[];
    };
    assert.ok(
      changes.some(
        (c) => c.action === "create" && c.address === "machine/web-2/app/shop/container/1",
      ),
    );
    assert.equal((await containers("web-1")).trim(), "");
  });

  test("the first deploy is live on both machines, and the second plan is empty", async () => {
    const { code, outcome, stderr } = await reconcile(stage.slipway);
    assert.equal(code, 0, `${JSON.stringify(outcome)}\n${stderr}`);
    assert.equal(outcome["outcome"], "applied");
    assert.match(String(outcome["text"]), /live on web-1, web-2 .*; last probe: 200 in \d+ ms$/);
    assert.equal(await versionOn("web-1"), "1");
    assert.equal(await versionOn("web-2"), "1");
    await assertEmptyPlan(stage.slipway);
    const file = await askHttp(
      stage.fleet.machine("web-1").privateAddress,
      8080,
      "/file?path=/etc/shop/shop.toml",
    );
    assert.equal(file, "colour = 'red'\n");
  });

  test("a commit that changes nothing for the fleet is applied: nothing to do", async () => {
    const before = await containers("web-1");
    await stage.commit("Words", { "README.md": "words\n" });
    const { code, outcome } = await reconcile();
    assert.deepEqual([code, outcome["outcome"], outcome["text"]], [0, "applied", "nothing to do"]);
    assert.equal(await containers("web-1"), before);
  });

  test("a new version takes over; git revert brings the former container back without create or pull", async () => {
    const first = await containers("web-1");
    const commit = await stage.commit("Shop 2", { "apps/shop/app.yaml": app("2") });
    assert.equal((await reconcile()).code, 0);
    assert.deepEqual([await versionOn("web-1"), await versionOn("web-2")], ["2", "2"]);
    await assertEmptyPlan();
    stage.fleet.registry?.fault("500");
    await stage.revert(commit);
    const { code, outcome } = await reconcile(stage.slipway);
    stage.fleet.registry?.fault(undefined);
    assert.equal(code, 0, JSON.stringify(outcome));
    assert.equal(await versionOn("web-1"), "1");
    assert.equal(await containers("web-1"), first, "the very container that served before");
    await assertEmptyPlan();
  });

  for (const tag of ["sick", "dead"]) {
    test(`a version that is ${tag} is reverted with evidence, and not tried again`, async () => {
      const serving = await containers("web-1");
      const commit = await stage.commit(`Shop ${tag}`, {
        "apps/shop/app.yaml": app(tag),
      });
      const { code, outcome } = await reconcile();
      assert.equal(code, 1);
      assert.equal(outcome["outcome"], "reverted", JSON.stringify(outcome));
      const [shop] = outcome["apps"] as { evidence: { machine: string; logTail: string[] }[] }[];
      assert.equal(shop?.evidence[0]?.machine, "web-1");
      assert.equal(await versionOn("web-1"), "1");
      assert.equal(await containers("web-1"), serving);
      const again = await reconcile();
      assert.equal(again.outcome["changes"], 0, "held, not tried again");
      assert.equal(again.outcome["outcome"], "reverted", "the revision's fate stays what it was");
      await stage.commit("Words, while it is broken", { "README.md": `${tag}\n` });
      const later = await reconcile();
      assert.equal(later.outcome["outcome"], "held");
      assert.match(String(later.outcome["text"]), /app\/shop still at/);
      await stage.revert(commit);
      assert.equal((await reconcile()).code, 0);
      await assertEmptyPlan();
    });
  }

  test("a hand-made change is healed, by kind: stopped, removed, limits, files, names, network", async () => {
    const web = stage.fleet.machine("web-1");
    const id = async () => (await containers("web-1")).trim();
    const breakages: readonly [string, () => Promise<unknown>][] = [
      ["stopped", async () => web.docker(["stop", "-t", "1", await id()])],
      ["removed", async () => web.docker(["rm", "-f", await id()])],
      [
        "limits",
        async () => web.docker(["update", "--memory", "64m", "--memory-swap", "128m", await id()]),
      ],
      ["renamed", async () => web.docker(["rename", await id(), "something-else"])],
      ["paused", async () => web.docker(["pause", await id()])],
      [
        "file edited",
        async () =>
          web.exec(["sh", "-c", "for f in /var/lib/slipway/acme/files/*; do echo x >> $f; done"]),
      ],
      [
        "names",
        async () =>
          web.exec([
            "sh",
            "-c",
            "echo > /var/lib/slipway/acme/hosts; sed -i '/slipway/,$d' /etc/hosts",
          ]),
      ],
    ];
    const { sshKeyFile } = stage.fleet;
    // Plans are made in this process: what the command says of them others tell.
    const onlooker = await openController({ repo: stage.clone, sshKeyFile });
    try {
      for (const [what, breakIt] of breakages) {
        await breakIt();
        assert.notDeepEqual(changesOf(await onlooker.plan()), [], what);
        const { code, outcome } = await reconcile();
        assert.equal(code, 0, `${what}: ${JSON.stringify(outcome)}`);
        assert.deepEqual(changesOf(await onlooker.plan()), [], what);
        assert.equal(await versionOn("web-1"), "1", what);
      }
    } finally {
      await onlooker.close();
    }
  });

  test("memory is limited in place, without a restart", async () => {
    const serving = await containers("web-1");
    await stage.commit("Less memory", {
      "apps/shop/app.yaml": app("1", "resources: { memory: 64m, cpus: 0.5 }"),
    });
    assert.equal((await reconcile()).code, 0);
    assert.equal(await containers("web-1"), serving);
    const web = stage.fleet.machine("web-1");
    assert.equal(
      (await web.docker(["inspect", "-f", "{{.HostConfig.Memory}}", serving.trim()])).trim(),
      String(64 * 1024 * 1024),
    );
    await assertEmptyPlan();
  });

  test("findings reject a revision; nothing of it is applied", async () => {
    const serving = await containers("web-1");
    const commit = await stage.commit("Typo", { "apps/shop/app.yaml": app("2", "imagee: x") });
    const { code, outcome } = await reconcile();
    assert.deepEqual([code, outcome["outcome"]], [1, "rejected"]);
    assert.match(String(outcome["text"]), /apps\/shop\/app\.yaml:\d+:\d+: .*imagee/);
    assert.equal(await containers("web-1"), serving);
    await stage.revert(commit);
    assert.equal((await reconcile()).code, 0);
  });

  test("a machine that is down is unknown: the other converges, and it follows when it is back", async () => {
    const down = stage.fleet.machine("web-2");
    await down.faults.kill();
    await stage.commit("Shop 2 again", { "apps/shop/app.yaml": app("2") });
    const { code, outcome } = await reconcile();
    assert.deepEqual([code, outcome["outcome"]], [1, "incomplete"], JSON.stringify(outcome));
    assert.equal(await versionOn("web-1"), "2");
    await down.faults.start();
    const back = await reconcile();
    assert.equal(back.code, 0, JSON.stringify(back.outcome));
    assert.equal(await versionOn("web-2"), "2");
    await assertEmptyPlan();
  });

  test("a controller with no state at all has an empty plan and the same history", async () => {
    const env = { SLIPWAY_STATE: `${stage.clone}-other-state` };
    const plan = await stage.here(["--json", "plan", "--exit-code"], { env });
    assert.equal(plan.code, 0, plan.stdout);
    const history = await stage.here(["--json", "history"], { env });
    assert.equal(history.code, 0, history.stderr);
    assert.match(history.stdout, /"reverted"/);
  });

  test("another app takes the port over in one commit", async () => {
    await stage.commit("Store instead of shop", {
      "apps/shop": undefined,
      "apps/store/app.yaml": app("1"),
      "apps/store/shop.toml": "colour = 'green'\n",
    });
    const taken = await reconcile();
    assert.equal(taken.code, 0, JSON.stringify(taken.outcome));
    assert.equal(await versionOn("web-1"), "1");
    await assertEmptyPlan();
  });

  test("removing the app removes its containers, files and names; the machines are left clean", async () => {
    await stage.commit("No shop", { "apps/store": undefined });
    const { code, outcome } = await reconcile();
    assert.equal(code, 0, JSON.stringify(outcome));
    for (const machine of ["web-1", "web-2"]) {
      const all = await stage.fleet
        .machine(machine)
        .docker(["ps", "-aq", "--filter", "label=slipway.fleet=acme"]);
      assert.equal(all.trim(), "");
      const files = await stage.fleet.machine(machine).exec(["ls", "/var/lib/slipway/acme/files"]);
      assert.equal(files.stdout.trim(), "");
    }
    await assertEmptyPlan();
  });

  test("the daemon follows the branch, writes the ledger, and heals what it hears of", async () => {
    const daemon = await stage.daemon();
    const commit = await stage.commit("Shop is back", {
      "apps/shop/app.yaml": app("1"),
      "apps/shop/shop.toml": "x\n",
    });
    const note = await stage.outcome(commit, "applied");
    assert.equal(note["revision"], commit);
    const web = stage.fleet.machine("web-1");
    const broken = (await containers("web-1")).trim();
    await web.docker(["rm", "-f", broken]);
    await until("it is healed", async () => {
      const now = (await containers("web-1")).trim();
      return now !== "" && now !== broken && (await versionOn("web-1")) === "1" ? true : undefined;
    });
    assert.equal(await daemon.stop(), 0, daemon.lines.join("\n"));
  });
});
