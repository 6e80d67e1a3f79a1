import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { settingsFile } from "../support/infra.ts";
import { assertPublished } from "../support/published.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

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
    const written = `address: ${address}\nhostKey: ${hostKey}\nprivateAddress: ${privateAddress}\nssh: { user: deploy }\nlabels: { role: web }\n`;
    assert.equal(await readFile(file(), "utf8"), written);
    assert.equal(await sh("runuser -u deploy -- sudo -n id -un"), "root");
    assert.equal(await sh("stat -c '%a %U' /home/deploy/.ssh/authorized_keys"), "600 deploy");
    const sudoers = await sh("stat -c '%n %Y' /etc/sudoers.d/*; cat ~deploy/.ssh/authorized_keys");
    const again = await slipway(...argv);
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

  test("runs an app after one pass, and exactly once", { timeout: 600_000 }, async () => {
    // What somebody says of an engine that is still to come stays.
    const registry = stage.fleet.registry?.address ?? "";
    await sh(
      `mkdir /etc/docker; echo '{"insecure-registries": ["${registry}"]}' >/etc/docker/daemon.json`,
    );
    await stage.commit("Add web-1", {});
    const planned = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(planned.code, 2, planned.stdout + planned.stderr);
    assert.match(planned.stdout, /engine/);
    const reconciled = await stage.slipway(["reconcile"]);
    assert.equal(reconciled.code, 0, reconciled.stdout + reconciled.stderr);
    const docker = (await machine().docker(["ps", "--format", "{{.Names}}"])).trim().split("\n");
    assert.equal(docker.length, 1, docker.join());
    const page = await fetch(`http://${machine().privateAddress}:8080/`);
    assert.match(await page.text(), /^version=1\n/);
    const after = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(after.code, 0, after.stdout + after.stderr);
  });
});
