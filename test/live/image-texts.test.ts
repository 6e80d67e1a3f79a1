import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { askHttp } from "../support/http.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

/** One image text can mean different digests over time, and one app can have several texts. */
describe("what an image's text means", () => {
  let stage: Stage;
  let image: (tag: string) => string;

  const app = (tag: string, more = "", deadline = "60s"): string => `
image: ${image(tag)}
machines: all
port: 8080
publish: ["8080:8080"]
health: { http: /up, interval: 100ms, deadline: ${deadline} }
deploy: { stopTimeout: 1s }
${more}`;

  const versionOn = async (machine: string): Promise<string> =>
    (await askHttp(stage.fleet.machine(machine).privateAddress, 8080, "/"))
      .split("\n")[0]
      ?.replace("version=", "") ?? "";

  const push = async (name: string, tag: string, env: Readonly<Record<string, string>> = {}) => {
    const { images } = stage.fleet;
    assert.ok(images);
    return await images.push(name, tag, { env });
  };

  const reconcile = async (): Promise<{ readonly outcome: string; readonly text: string }> => {
    const ran = await stage.slipway(["--json", "reconcile"]);
    assert.notEqual(ran.stdout, "", ran.stderr);
    return JSON.parse(ran.stdout) as { outcome: string; text: string };
  };

  before(async () => {
    stage = await openStage({ machines: ["web-1", "web-2"] });
    const { registry } = stage.fleet;
    assert.ok(registry);
    image = (tag) => `${registry.address}/shop:${tag}`;
    await push("shop", "1");
    await push("shop", "2");
    await stage.commit("Begin", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "machines/web-2.yaml": stage.machineFile("web-2"),
    });
  });

  after(async () => {
    await stage?.close();
  });

  test("another image on one machine runs there, and only there", async () => {
    await stage.commit("A canary", {
      "apps/shop.yaml": app("1", `perMachine: { web-2: { image: "${image("2")}" } }\n`),
    });
    const { outcome, text } = await reconcile();
    assert.equal(outcome, "applied", text);
    assert.deepEqual([await versionOn("web-1"), await versionOn("web-2")], ["1", "2"]);
  });

  test("an app whose tag moved to an image that fails returns to the digest of then", async () => {
    const good = await push("shop", "moving");
    await stage.commit("Follow a tag", { "apps/shop.yaml": app("moving", "pull: always\n") });
    assert.equal((await reconcile()).outcome, "applied");
    const digestsOn = async (machine: string): Promise<string> =>
      await stage.fleet
        .machine(machine)
        .docker([
          "ps",
          "--no-trunc",
          "--filter",
          "label=slipway.app=shop",
          "--format",
          "{{.Image}}",
        ]);
    assert.match(await digestsOn("web-1"), new RegExp(good.digest));
    await push("shop", "moving", { FAIL: "health" });
    await stage.commit("Deploy what the tag is now", {
      "apps/shop.yaml": app("moving", "pull: always\nenv: { A: a }\n", "5s"),
    });
    const { outcome, text } = await reconcile();
    assert.equal(outcome, "reverted", text);
    for (const machine of ["web-1", "web-2"]) {
      assert.equal(await versionOn(machine), "moving");
      assert.match(await digestsOn(machine), new RegExp(good.digest));
    }
  });

  test("a revert brings back what the tag meant then, also where it is always pulled anew", async () => {
    const running = async (): Promise<string> => {
      const filter = ["--filter", "label=slipway.app=follower", "--format", "{{.Image}}"];
      return await stage.fleet.machine("web-1").docker(["ps", "--no-trunc", ...filter]);
    };
    const follower = (value: string): string =>
      `image: ${image("floating")}\nmachines: web-1\npull: always\nenv: { A: ${value} }\nhealth: off\n`;
    const first = await push("shop", "floating");
    await stage.commit("First", {
      "apps/shop.yaml": undefined,
      "apps/follower.yaml": follower("one"),
    });
    assert.equal((await reconcile()).outcome, "applied");
    const second = await push("shop", "floating", { GREETING: "moved" });
    const moved = await stage.commit("Second", { "apps/follower.yaml": follower("two") });
    assert.equal((await reconcile()).outcome, "applied");
    assert.match(await running(), new RegExp(second.digest));
    await stage.revert(moved);
    assert.equal((await reconcile()).outcome, "applied");
    assert.match(await running(), new RegExp(first.digest));
    assert.equal((await reconcile()).outcome, "applied");
    assert.match(await running(), new RegExp(first.digest), "and it stays so");
  });
});
