import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { Registry } from "../fleet/fleet.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { settingsFile } from "../support/infra.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";
import { see } from "../support/witness.ts";

const first = "canary-of-then?>~";
const second = "canary-of-now-é";

/** A registry that wants a login, which is in the repo and on no machine. The first deploy is run as users run it. */
describe("a private registry", () => {
  let stage: Stage;
  let registry: Registry;
  let key: Sealing;
  let env: NodeJS.ProcessEnv;
  const said: string[] = [];

  const app = (tag: string, machines = "one"): string =>
    `image: ${registry.address}/shop:${tag}\nmachines: ${machines}\nport: 8080\nhealth: { http: /up, interval: 100ms, deadline: 20s }\ndeploy: { stopTimeout: 1s }\n`;
  const withLogin = (user = "bot"): string =>
    `${settingsFile("acme")}registries: { "${registry.address}": { user: ${user}, password: registries.TOKEN } }\n`;
  const token = async (password: string): Promise<Readonly<Record<string, string>>> => ({
    "secrets/registries.yaml": await key.file({ TOKEN: password }),
  });

  const slipway = async (argv: readonly string[], by = stage.here): Promise<Ran> => {
    const ran = await by(argv, { env });
    said.push(ran.stdout, ran.stderr);
    return ran;
  };
  const reconcile = async (by = stage.here): Promise<RevisionOutcome> => {
    const ran = await slipway(["--json", "reconcile"], by);
    assert.notEqual(ran.stdout, "", ran.stderr);
    return JSON.parse(ran.stdout) as RevisionOutcome;
  };
  const running = async (machine = "one"): Promise<readonly string[]> =>
    (await see(stage.fleet.machine(machine), "acme")).running.get("shop") ?? [];
  const assertRefused = async (why: RegExp, machine = "one"): Promise<void> => {
    const outcome = await reconcile();
    assert.equal(outcome.outcome, "incomplete", JSON.stringify(outcome));
    const trouble = outcome.troubles.find((one) => one.machine === machine);
    assert.equal(trouble?.class, "pull", JSON.stringify(outcome));
    assert.match(trouble.text, why);
  };
  const assertApplied = async (by = stage.here): Promise<void> => {
    const outcome = await reconcile(by);
    assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
    const plan = await slipway(["plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };

  before(async () => {
    stage = await openStage({ machines: ["one", "two"] });
    assert.ok(stage.fleet.registry && stage.fleet.images);
    ({ registry } = stage.fleet);
    for (const tag of ["1", "2", "3"]) await stage.fleet.images.push("shop", tag);
    registry.requireLogin({ user: "bot", password: first });
    key = await sealing();
    const file = join(stage.clone, "..", "fleet.agekey");
    await writeFile(file, `${key.identity}\n`, { mode: 0o600 });
    env = { ...stage.env, SLIPWAY_AGE_KEY: file };
  });
  after(async () => {
    await stage?.close();
  });
  afterEach(() => {
    for (const text of said.splice(0)) assert.doesNotMatch(text, /canary/);
  });

  test("without a login: what is missing is told, and nothing is there", async () => {
    await stage.commit("Shop", {
      "slipway.yaml": settingsFile("acme"),
      "machines/one.yaml": stage.machineFile("one"),
      "machines/two.yaml": stage.machineFile("two"),
      "apps/shop.yaml": app("1"),
    });
    await assertRefused(/slipway\.yaml has no login for [\d.]+:5000 in 'registries'/);
    assert.deepEqual(await running(), []);
  });

  test("with one: its images run, and the machine keeps no login", async () => {
    await stage.commit("Log in", { "slipway.yaml": withLogin(), ...(await token(`${first}\n`)) });
    const plan = await slipway(["--json", "plan"]);
    assert.match(plan.stdout, /app\/shop\/image/);
    await assertApplied(stage.slipway);
    assert.equal((await running()).length, 1);
    const { exec } = stage.fleet.machine("one");
    const basic = Buffer.from(`bot:${first}`).toString("base64");
    const found = await exec([
      "grep",
      "-rlF",
      "-e",
      first,
      "-e",
      basic,
      "-e",
      '"auths"',
      "/root",
      "/etc",
      "/var/lib/slipway",
      "/var/log",
      "/tmp",
      "/var/lib/docker/image",
      "/var/lib/docker/containers",
    ]);
    assert.equal(found.stdout, "");
  });

  test("another password in the repo rolls nothing and asks for nothing", async () => {
    const before = await running();
    const asked = registry.requests.length;
    await stage.commit("Rotate", await token(second));
    const outcome = await reconcile();
    assert.deepEqual([outcome.outcome, outcome.changes], ["applied", 0]);
    assert.equal(registry.requests.length, asked);
    assert.deepEqual(await running(), before);
  });

  test("a login that the registry refuses: what runs stays, and follows when it is right", async () => {
    const before = await running();
    await stage.commit("Deploy", { "apps/shop.yaml": app("2") });
    await assertRefused(/refuses the login that slipway\.yaml has for it in 'registries'/);
    assert.deepEqual(await running(), before);
    registry.requireLogin({ user: "bot", password: second });
    await assertApplied();
    assert.notDeepEqual(await running(), before);
  });

  test("a machine that gets a known image logs in as well, or says that it is refused", async () => {
    await stage.commit("Everywhere, as somebody else", {
      "slipway.yaml": withLogin("nobody"),
      "apps/shop.yaml": app("2", "all"),
    });
    await assertRefused(/pull of .*; [\d.]+:5000 refuses the login/, "two");
    assert.deepEqual(await running("two"), []);
    await stage.commit("As the bot", { "slipway.yaml": withLogin() });
    await assertApplied();
    assert.equal((await running("two")).length, 1);
  });

  test("an app that fails returns, and a removed image is pulled again", async () => {
    await stage.fleet.images?.push("shop", "broken", { env: { FAIL: "health" } });
    const broken = app("broken", "all").replace("20s", "2s");
    await stage.commit("Break it", { "apps/shop.yaml": broken });
    const outcome = await reconcile();
    assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
    await stage.revert("HEAD");
    await assertApplied();
    const { exec } = stage.fleet.machine("two");
    await exec(["sh", "-c", "docker rm -f $(docker ps -aq); docker image prune -af"]);
    assert.equal((await exec(["docker", "images", "-q"])).stdout, "");
    await assertApplied();
    assert.equal((await running("two")).length, 1);
  });

  test("the proxy's image is had with the login, too", async () => {
    const pushed = await stage.fleet.images?.pushProxy();
    assert.ok(pushed !== undefined);
    await stage.commit("A route", {
      "slipway.yaml": `${withLogin()}proxy: { image: "${pushed.reference}" }\n`,
      "apps/shop.yaml": `${app("2", "all")}routes: [{ host: shop.test, tls: off }]\n`,
    });
    await assertApplied();
    for (const machine of ["one", "two"]) {
      const argv = [
        "ps",
        "--no-trunc",
        "--filter",
        "label=slipway.proxy",
        "--format",
        "{{.Image}}",
      ];
      const image = await stage.fleet.machine(machine).docker(argv);
      assert.equal(image.trim(), pushed.byDigest);
    }
  });
});
