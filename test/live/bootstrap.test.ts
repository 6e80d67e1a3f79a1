import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../fleet/wait.ts";
import { settingsFile } from "../support/infra.ts";
import { assertPublished } from "../support/published.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

/** From a machine with nothing but sshd to an app that runs, as a user types it. */
describe("a bare machine", { timeout: 900_000 }, () => {
  let stage: Stage;

  const machine = () => stage.fleet.machine("web-1");
  const slipway = (...argv: string[]): Promise<Ran> =>
    stage.slipway(["--repo", stage.clone, ...argv]);
  const sh = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await machine().exec(["sh", "-euc", script]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout.trim();
  };
  const file = (): string => join(stage.clone, "machines/web-1.yaml");

  before(async () => {
    stage = await openStage({
      machines: [{ name: "web-1", bare: "plain" }],
      packages: true,
    });
    await stage.fleet.images?.push("shop", "1");
    await stage.commit("Start", {
      "slipway.yaml": settingsFile("acme"),
      "apps/shop/app.yaml": `
image: ${stage.fleet.registry?.address ?? ""}/shop:1
machines: { role: web }
port: 8080
publish: ["8080:8080"]
health: { http: /up, interval: 100ms, deadline: 60s }
`,
    });
  });
  after(async () => {
    await stage?.close();
  });

  test("is only looked at while nobody agrees", async () => {
    const looking = slipway("machine", "bootstrap", machine().address, "--json");
    const { code, stderr, stdout } = await looking;
    assert.equal(code, 2, stderr);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    assertPublished("machine-bootstrap", document);
    assert.equal(document["hostKey"], machine().hostKey);
    assert.equal(document["done"], false);
    assert.match(stderr, /calls itself web-1 and runs Debian/);
    assert.match(stderr, /host key SHA256:/);
    assert.match(stderr, /deploy: the user is made/);
    assert.match(stderr, /machines\/web-1\.yaml: is written/);
    assert.equal(await sh("id -u deploy 2>/dev/null || echo none"), "none");
    assert.equal(existsSync(file()), false);
  });

  test("gets a user and a file, from wherever it was cut", async () => {
    await sh("useradd --no-create-home deploy");
    const argv = ["machine", "bootstrap", machine().address, "--label", "role=web", "--yes"];
    const { code, stderr, stdout } = await slipway(...argv);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /git add machines\/web-1\.yaml/);
    const { address, privateAddress, hostKey } = machine();
    const machineId = await sh("cat /etc/machine-id");
    const written = `address: ${address}\nhostKey: ${hostKey}\nmachineId: ${machineId}\nprivateAddress: ${privateAddress}\nssh: { user: deploy }\nlabels: { role: web }\n`;
    assert.equal(await readFile(file(), "utf8"), written);
    assert.equal(await sh("runuser -u deploy -- sudo -n id -un"), "root");
    assert.equal(await sh("stat -c '%a %U' /home/deploy/.ssh/authorized_keys"), "600 deploy");
    const sudoers = await sh("stat -c '%n %Y' /etc/sudoers.d/*; cat ~deploy/.ssh/authorized_keys");
    // From then on that user will do, and nothing is done twice.
    const again = await slipway(...argv.with(2, `deploy@${machine().address}`));
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /stays as it is/);
    assert.equal(
      await sh("stat -c '%n %Y' /etc/sudoers.d/*; cat ~deploy/.ssh/authorized_keys"),
      sudoers,
    );
    assert.equal(await readFile(file(), "utf8"), written);
  });

  test("is not taken in under a second name", async () => {
    const { address } = machine();
    const again = slipway("machine", "bootstrap", address, "--name", "web-2", "--yes");
    const { code, stderr } = await again;
    assert.equal(code, 1);
    assert.match(stderr, /shows the host key of machines\/web-1\.yaml/);
  });

  test("says what apt says, and plans the engine again", async () => {
    // What somebody says of an engine that is still to come stays.
    const registry = stage.fleet.registry?.address ?? "";
    const daemon = `{"insecure-registries": ["${registry}"]}`;
    await sh(`mkdir /etc/docker; echo '${daemon}' >/etc/docker/daemon.json`);
    await stage.commit("Add web-1", {});
    const planned = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(planned.code, 2, planned.stdout + planned.stderr);
    assert.match(planned.stdout, /1 to create, 3 to be looked at after that/);
    assert.match(
      planned.stdout,
      /no container engine: docker\.io is installed \(machines\/web-1\.yaml:1\)/,
    );
    stage.fleet.packages?.fault("500");
    const { code, stdout, stderr } = await stage.slipway(["reconcile"]);
    stage.fleet.packages?.fault(undefined);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /incomplete/);
    assert.match(stdout, /apt-get does not install docker\.io: E: .*apt-get update: E: .*500/);
  });

  test("finishes an installation that was cut", { timeout: 600_000 }, async () => {
    const pass = spawn(bin, ["reconcile"], { env: stage.env, stdio: "ignore" });
    const ended = once(pass, "close");
    const unpacking = async (): Promise<true | undefined> => {
      const found = await sh("ls /usr/sbin/dockerd* 2>/dev/null || :");
      return found === "" ? undefined : true;
    };
    await until("apt at work", unpacking, 300_000);
    pass.kill("SIGKILL");
    await sh("kill -KILL $(pidof apt-get dpkg) 2>/dev/null || :");
    await ended;
    assert.equal(await sh("ls -S /run/docker.sock 2>/dev/null || echo none"), "none");
    const reconciled = await stage.slipway(["reconcile"]);
    assert.equal(reconciled.code, 0, reconciled.stdout + reconciled.stderr);
    await isUp();
    const daemon = JSON.parse(await sh("cat /etc/docker/daemon.json")) as Record<string, unknown>;
    assert.equal(daemon["live-restore"], true);
    assert(Array.isArray(daemon["insecure-registries"]));
    assert.equal(await sh("docker info --format '{{.LiveRestoreEnabled}}'"), "true");
    assert.match(await sh("id -nG deploy"), /\bdocker\b/);
  });

  test("puts back what keeps containers up, while they run", async () => {
    const started = await sh("docker inspect --format '{{.State.StartedAt}}' $(docker ps -q)");
    await sh(
      "sed -i '/live-restore/s/true/false/' /etc/docker/daemon.json; systemctl reload docker",
    );
    assert.equal(await sh("docker info --format '{{.LiveRestoreEnabled}}'"), "false");
    const planned = await stage.slipway(["plan"]);
    assert.match(planned.stdout, /does not keep containers up .*\(machines\/web-1\.yaml:1\)/);
    const { code, stdout, stderr } = await stage.slipway(["reconcile"]);
    assert.equal(code, 0, stdout + stderr);
    await until("live-restore", async () =>
      (await sh("docker info --format '{{.LiveRestoreEnabled}}'")) === "true" ? true : undefined,
    );
    const now = await sh("docker inspect --format '{{.State.StartedAt}}' $(docker ps -q)");
    assert.equal(now, started);
  });

  test("has an engine of somebody else's, of which only what is declared is changed", async () => {
    const restores = async (wanted: boolean): Promise<string> =>
      await until("live-restore", async () =>
        (await sh("docker info --format '{{.LiveRestoreEnabled}}'")) === String(wanted)
          ? await sh("cat /etc/docker/daemon.json")
          : undefined,
      );
    await sh("docker rm -f $(docker ps -aq); rm -r /var/lib/slipway");
    const anew = await stage.slipway(["reconcile"]);
    assert.equal(anew.code, 0, anew.stdout + anew.stderr);
    await sh(
      "sed -i '/live-restore/s/true/false/' /etc/docker/daemon.json; systemctl reload docker",
    );
    const former = await restores(false);
    assert.equal((await stage.slipway(["plan", "--exit-code"])).code, 0);
    const declared = await stage.commit("Live-restore", {
      "machines/web-1.yaml": `${await readFile(file(), "utf8")}engine: { liveRestore: true }\n`,
    });
    const set = await stage.slipway(["reconcile"]);
    assert.equal(set.code, 0, set.stdout + set.stderr);
    assert.match(await restores(true), /"live-restore": true/);
    await isUp();
    await stage.revert(declared);
    const reverted = await stage.slipway(["reconcile"]);
    assert.equal(reverted.code, 0, reverted.stdout + reverted.stderr);
    assert.match(reverted.stderr, /live-restore is no longer declared: the former .* comes back/);
    assert.equal(await restores(false), former);
    assert.equal(await sh("ls /var/lib/slipway/acme/before"), "");
    await isUp();
  });

  const isUp = async (): Promise<void> => {
    assert.equal((await sh("docker ps -q")).split("\n").length, 1);
    const page = await fetch(`http://${machine().privateAddress}:8080/`);
    assert.match(await page.text(), /^version=1\n/);
    const plan = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };
});
