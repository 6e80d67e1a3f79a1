import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { until } from "../fleet/wait.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";
import { see } from "../support/witness.ts";

const secretsOf = (version: string): Readonly<Record<string, string>> => ({
  DB_PASSWORD: `canary-db-${version}-"quoted"$HOME`,
  TOKEN: `canary-token-${version}\nof two lines\n`,
});

/** The first deploy, a pass without the key, and setting and getting are run as users run them; others in this process. */
describe("secrets", () => {
  let stage: Stage;
  let key: Sealing;
  let env: NodeJS.ProcessEnv;
  let first: string;

  const app = (more = ""): string => `
image: ${stage.fleet.registry?.address ?? ""}/shop:1
machines: all
port: 8080
user: "1000"
health: { http: /up, interval: 50ms, deadline: 20s }
deploy: { stopTimeout: 1s }
secrets:
  - DB_PASSWORD
  - { TOKEN: { secret: TOKEN, as: file } }
env:
  DATABASE_URL: { template: "postgres://shop:\${DB_PASSWORD}@db/$$x" }
files:
  /etc/shop/shop.conf: { from: shop.conf, template: true, mode: "0440", owner: "1000:1000" }
  /etc/shop/tls.key: { secret: tls/shop.key.age }
${more}`;
  const conf = "password = ${DB_PASSWORD}\n";
  const whole = Buffer.from([0, 1, 2, 255, 10, 13]);

  const slipway = async (...argv: readonly string[]): Promise<Ran> =>
    await stage.here(argv, { env });
  const reconcile = async (by = stage.here): Promise<RevisionOutcome> => {
    const ran = await by(["--json", "reconcile"], { env });
    return JSON.parse(ran.stdout) as RevisionOutcome;
  };
  const on = async (machine: string, ...argv: readonly string[]): Promise<string> => {
    const ran = await stage.fleet.machine(machine).exec(argv);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const inContainer = async (...argv: readonly string[]): Promise<string> => {
    const id = (await on("one", "docker", "ps", "-q", "--filter", "label=slipway.app=shop")).trim();
    return await on("one", "docker", "exec", id, ...argv);
  };
  const assertLive = async (version: string): Promise<void> => {
    const { DB_PASSWORD: password = "", TOKEN: token } = secretsOf(version);
    const variables = (await inContainer("env")).split("\n");
    assert.ok(variables.includes(`DB_PASSWORD=${password}`));
    assert.ok(variables.includes(`DATABASE_URL=postgres://shop:${password}@db/$x`));
    assert.ok(variables.includes("TOKEN_FILE=/run/secrets/TOKEN"));
    assert.equal(await inContainer("cat", "/run/secrets/TOKEN"), token);
    assert.equal(await inContainer("cat", "/etc/shop/shop.conf"), `password = ${password}\n`);
  };
  const assertNothingToDo = async (): Promise<void> => {
    const plan = await slipway("plan", "--exit-code");
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };

  before(async () => {
    stage = await openStage({ machines: ["one", "two"] });
    key = await sealing();
    const file = join(stage.clone, "..", "fleet.agekey");
    await writeFile(file, `${key.identity}\n`, { mode: 0o600 });
    env = { ...stage.env, SLIPWAY_AGE_KEY: file };
    await stage.fleet.images?.push("shop", "1");
  });
  after(async () => {
    await stage?.close();
  });

  test("reach the containers that need them, as variables and as files", async () => {
    first = await stage.commit("Shop", {
      "slipway.yaml": settingsFile("acme"),
      "machines/one.yaml": stage.machineFile("one"),
      "machines/two.yaml": stage.machineFile("two"),
      "apps/shop/app.yaml": app(),
      "apps/shop/shop.conf": conf,
      "apps/plain.yaml": `image: ${stage.fleet.registry?.address ?? ""}/shop:1\nmachines: one\nport: 8080\n`,
      "secrets/shop.yaml": await key.file(secretsOf("one")),
      "secrets/tls/shop.key.age": await key.value(whole),
    });
    const outcome = await reconcile(stage.slipway);
    assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
    await assertLive("one");
    const attributes = await inContainer(
      "stat",
      "-c",
      "%a %u:%g",
      "/run/secrets/TOKEN",
      "/etc/shop/shop.conf",
      "/etc/shop/tls.key",
    );
    assert.deepEqual(attributes.trim().split("\n"), ["400 1000:0", "440 1000:1000", "400 1000:0"]);
    const sum = await inContainer("sha256sum", "/etc/shop/tls.key");
    const { createHash } = await import("node:crypto");
    assert.equal(sum.split(" ")[0], createHash("sha256").update(whole).digest("hex"));
    await assertNothingToDo();
  });

  test("encrypted anew change nothing, for another controller as well", async () => {
    await stage.commit("Rotate the recipients", {
      "secrets/shop.yaml": await key.file(secretsOf("one")),
      "secrets/tls/shop.key.age": await key.value(whole),
    });
    const ran = await stage.here(["plan", "--exit-code"], {
      env: { ...env, SLIPWAY_STATE: join(stage.clone, "..", "other-state") },
    });
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    assert.equal((await reconcile()).changes, 0);
  });

  test("with another value roll only the apps that have them; a revert brings them back", async () => {
    const before = await see(stage.fleet.machine("one"), "acme");
    const changed = await stage.commit("Another password", {
      "secrets/shop.yaml": await key.file(secretsOf("two")),
    });
    const plan = await slipway("plan");
    assert.match(plan.stdout, /env\.DB_PASSWORD/);
    assert.doesNotMatch(plan.stdout, /canary/);
    assert.equal((await reconcile()).outcome, "applied");
    await assertLive("two");
    const after = await see(stage.fleet.machine("one"), "acme");
    assert.deepEqual(after.running.get("plain"), before.running.get("plain"));
    await assertNothingToDo();
    await stage.revert(changed);
    assert.equal((await reconcile()).outcome, "applied");
    await assertLive("one");
    const again = await see(stage.fleet.machine("one"), "acme");
    const id = (seen: typeof again): string | undefined =>
      seen.running.get("shop")?.[0]?.split(" ")[0];
    assert.equal(id(again), id(before), "the kept container came back");
    await assertNothingToDo();
  });

  test("are set, shared and rotated by commands; only another value changes machines", async () => {
    const stranger = await sealing();
    const secrets = async (argv: readonly string[], input?: string): Promise<Ran> => {
      const repo = ["--repo", stage.clone, "secrets", ...argv];
      const by = argv[0] === "set" || argv[0] === "get" ? stage.slipway : stage.here;
      const ran = await by(repo, { env, ...(input === undefined ? {} : { input }) });
      assert.equal(ran.code, 0, ran.stderr);
      assert.doesNotMatch(ran.stderr, /canary/);
      return ran;
    };
    await secrets(["recipients", "add", key.recipient, "--comment", "controller"]);
    await secrets(["recipients", "add", stranger.recipient, "--comment", "ada", "--rotate"]);
    await secrets(["verify"]);
    await stage.commit("Let ada read them", {});
    await assertNothingToDo();
    const { DB_PASSWORD: password = "" } = secretsOf("four");
    await secrets(["set", "shop.DB_PASSWORD"], password);
    assert.equal((await secrets(["get", "shop.DB_PASSWORD"])).stdout, password);
    const changed = await stage.commit("Set another password", {});
    const plan = await slipway("plan");
    assert.match(plan.stdout, /DB_PASSWORD/);
    assert.equal((await reconcile()).outcome, "applied");
    const variables = (await inContainer("env")).split("\n");
    assert.ok(variables.includes(`DB_PASSWORD=${password}`));
    await stage.revert(changed);
    assert.equal((await reconcile()).outcome, "applied");
    await assertLive("one");
  });

  test("outlive a machine's reboot, whoever is there", async () => {
    const one = stage.fleet.machine("one");
    await one.faults.kill();
    await one.faults.start();
    await until("it serves", async () => {
      const ran = await one.exec(["docker", "ps", "-q", "--filter", "label=slipway.app=shop"]);
      return ran.code === 0 && ran.stdout.trim() !== "" ? true : undefined;
    });
    await assertLive("one");
  });

  test("that changed on a machine by hand are put right", async () => {
    const files = await on(
      "one",
      "sh",
      "-c",
      "grep -l canary-token-one -r /var/lib/slipway/acme/files",
    );
    const [file = ""] = files.trim().split("\n");
    await on("one", "sh", "-c", `echo edited > ${file}; chmod 644 ${file}`);
    const plan = await slipway("--json", "plan");
    assert.match(plan.stdout, /other content/);
    assert.equal((await reconcile()).outcome, "applied");
    await assertLive("one");
    await assertNothingToDo();
  });

  test("of a version that fails go back with it, and stay while it is held", async () => {
    const before = await see(stage.fleet.machine("one"), "acme");
    const failing = await stage.commit("Another password, and an app that ends", {
      "apps/shop/app.yaml": app('command: ["sh", "-c", "exit 3"]\n'),
      "secrets/shop.yaml": await key.file(secretsOf("three")),
    });
    assert.equal((await reconcile()).outcome, "reverted");
    await assertLive("one");
    const after = await see(stage.fleet.machine("one"), "acme");
    assert.deepEqual(after.running.get("shop"), before.running.get("shop"));
    const held = await slipway("--json", "plan");
    assert.deepEqual((JSON.parse(held.stdout) as { changes: unknown[] }).changes, []);
    await on("one", "sh", "-c", "docker rm -f $(docker ps -q --filter label=slipway.app=shop)");
    await slipway("reconcile");
    await assertLive("one");
    await stage.revert(failing);
    assert.equal((await reconcile()).outcome, "applied");
    await assertLive("one");
    await assertNothingToDo();
  });

  test("stand on machines where only root comes", async () => {
    const modes = await on("one", "stat", "-c", "%a %u", "/var/lib/slipway/acme");
    assert.equal(modes.trim(), "700 0");
    const files = await on("one", "sh", "-c", "grep -l canary -r /var/lib/slipway/acme");
    for (const file of files.trim().split("\n")) {
      assert.match(file, /^\/var\/lib\/slipway\/acme\/files\/[0-9a-f]+$/);
      assert.match(await on("one", "stat", "-c", "%a", file), /^4[04]0$/m);
    }
  });

  test("that do not open reject the revision, and say where", async () => {
    const stranger = await sealing();
    const wrong = await stage.commit("For somebody else", {
      "secrets/shop.yaml": `${await key.file({ DB_PASSWORD: "x" })}${await stranger.file({ TOKEN: "y" })}`,
      "secrets/tls/shop.key.age": "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n",
    });
    const outcome = await reconcile();
    assert.equal(outcome.outcome, "rejected");
    const findings = outcome.findings?.join("\n") ?? "";
    assert.match(findings, /secrets\/shop\.yaml:\d+:\d+: shop\.TOKEN .*none of our identities/);
    assert.match(findings, /secrets\/tls\/shop\.key\.age:1:1: tls\/shop\.key\.age .*damaged/);
    await assertLive("one");
    await stage.revert(wrong);
    assert.equal((await reconcile()).changes, 0);
  });

  test("need the key: without it nothing is changed", async () => {
    const { SLIPWAY_AGE_KEY: _, ...keyless } = env;
    const ran = await stage.slipway(["reconcile"], { env: keyless });
    assert.equal(ran.code, 1);
    assert.match(ran.stderr + ran.stdout, /cannot be opened without a key: --age-key/);
    assert.equal((await stage.here(["ps"], { env: keyless })).code, 0);
    const note = await stage.note((await stage.git("rev-parse", "HEAD")).trim());
    assert.equal(note?.["outcome"], "applied", "what was said stands");
    const status = await stage.here(["--json", "status"], { env: keyless });
    const { head } = JSON.parse(status.stdout) as { head: Record<string, unknown> };
    assert.deepEqual([head["pending"], head["unknown"]], [0, 1], status.stdout);
    await assertLive("one");
  });

  test("go from the machines with the app", async () => {
    await stage.git("rm", "-q", "-r", "apps/shop", "secrets");
    await stage.commit("Remove the shop", {});
    assert.equal((await reconcile()).outcome, "applied");
    for (const machine of ["one", "two"])
      assert.equal(await on(machine, "ls", "/var/lib/slipway/acme/files"), "");
    await stage.revert("HEAD");
    assert.equal((await reconcile()).outcome, "applied");
    await assertLive("one");
    assert.ok(first.length > 0);
  });
});
