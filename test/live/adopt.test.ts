import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../fleet/wait.ts";
import { assertPublished } from "../support/published.ts";
import { sealing } from "../support/sealed.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

/** A server that somebody set up by hand: taken over, deployed to, and given back. */
describe("containers that were made by hand", { timeout: 600_000 }, () => {
  let stage: Stage;
  let env: NodeJS.ProcessEnv;

  const machine = () => stage.fleet.machine("web-1");
  const slipway = async (...argv: readonly string[]): Promise<Ran> =>
    await stage.slipway(argv, { env });
  const inClone = async (...argv: readonly string[]): Promise<Ran> =>
    await slipway("--repo", stage.clone, ...argv);
  const sh = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await machine().exec(["sh", "-euc", script]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout.trim();
  };
  const read = (path: string): Promise<string> => readFile(join(stage.clone, path), "utf8");
  /** Which container it is, and since when it runs. */
  const running = (name: string): Promise<string> =>
    sh(`docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' ${name}`);
  const page = async (port = 8080): Promise<string> =>
    await (await fetch(`http://${machine().privateAddress}:${port}/`)).text();
  const converge = async (): Promise<void> => {
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    const plan = await slipway("plan", "--exit-code");
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };

  before(async () => {
    stage = await openStage({ machines: ["web-1"] });
    const key = await sealing();
    const file = join(stage.clone, "..", "fleet.agekey");
    await writeFile(file, `${key.identity}\n`, { mode: 0o600 });
    env = { ...stage.env, SLIPWAY_AGE_KEY: file };
    await stage.fleet.images?.push("shop", "1");
    const image = `${stage.fleet.registry?.address ?? ""}/shop:1`;
    await stage.commit("Start", {
      "slipway.yaml": "fleet: acme\ndefaults: { app: { deploy: { watch: 0s } } }\n",
      ".age-recipients": `${key.recipient}\n`,
    });
    const compose = (service: string): string =>
      `--name zoo-${service}-1 --network zoo_default --network-alias ${service} ` +
      `--label com.docker.compose.project=zoo --label com.docker.compose.service=${service} ` +
      "--label com.docker.compose.container-number=1 --restart always";
    await sh(`
      docker run -d --name web -p 8080:8080 -v web-data:/data -v /srv/conf:/conf:ro --memory 64m --cpus 0.5 \\
        --restart unless-stopped -e GREETING=hello -e DB_PASSWORD=canary-one -e 'URL=postgres://a:canary-two@db/x' ${image}
      docker network create zoo_default
      docker run -d ${compose("web")} -p 8081:8080 -e API_TOKEN=canary-three ${image}
      docker run -d ${compose("db")} --volume zoo_db:/var/lib/db --stop-timeout 30 ${image} /app/server
      docker run -d --rm --name scratch ${image}
      docker run -d --name other --pid host ${image}
    `);
  });
  after(async () => {
    await stage?.close();
  });

  test("are written as apps, and nothing of a secret is shown", async () => {
    const address = `ssh://${machine().address}`;
    const readers = await read(".age-recipients");
    await rm(join(stage.clone, ".age-recipients"));
    const closed = await inClone("adopt", address, "--yes");
    assert.equal(closed.code, 1);
    assert.match(closed.stderr, /nobody is named who could read secrets\/web\.yaml/);
    await writeFile(join(stage.clone, ".age-recipients"), readers);
    assert.equal((await stage.git("status", "--porcelain")).trim(), "");
    const shown = await inClone("adopt", address, "--json");
    assert.equal(shown.code, 2, shown.stderr);
    const document = JSON.parse(shown.stdout) as Record<string, unknown>;
    assertPublished("adopt", document);
    assert.equal(document["done"], false);
    assert.match(shown.stderr, /scratch is left out.*--rm/);
    assert.match(shown.stderr, /other is left out.*PidMode host/);
    const written = await inClone("adopt", address, "--yes");
    assert.equal(written.code, 0, written.stderr);
    const texts = [
      await read("machines/web-1.yaml"),
      await read("apps/web.yaml"),
      await read("apps/zoo.yaml"),
      await read("secrets/web.yaml"),
      await read("secrets/zoo.yaml"),
      shown.stdout,
      shown.stderr,
      written.stdout,
      written.stderr,
    ];
    assert.doesNotMatch(texts.join("\n"), /canary/);
    const again = await inClone("adopt", address, "--yes");
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /nothing to be written/);
    const valid = await inClone("validate");
    assert.equal(valid.code, 0, valid.stdout);
  });

  test("are taken over as they run", async () => {
    const names = ["web", "zoo-web-1", "zoo-db-1"];
    const then = await Promise.all(names.map(running));
    // A probe by its port is quicker than none.
    const more = "port: 8080\nhealth: { interval: 100ms }\n";
    await stage.commit("Take over web-1", {
      "apps/web.yaml": (await read("apps/web.yaml")) + more,
    });
    const plan = await slipway("plan");
    assert.doesNotMatch(plan.stdout, /replace|restart policy|canary/);
    assert.match(plan.stdout, /nothing is restarted/);
    await converge();
    assert.deepEqual(await Promise.all(names.map(running)), then);
    assert.match(await page(), /^version=1\n/);
    // The network that it was on comes after ours by name, and stays its way out.
    assert.match(await page(8081), /^version=1\n/);
    const logs = await slipway("logs", "zoo");
    assert.equal(logs.code, 0, logs.stderr);
    assert.match(logs.stdout, /web-1\/db-1/);
    const ps = await slipway("ps");
    assert.match(ps.stdout, /^zoo-db +web-1 +1 +running/m);
  });

  test("are changed in place where that can be", async () => {
    const then = await running("web");
    const file = await read("apps/web.yaml");
    await stage.commit("Give it more", {
      "apps/web.yaml": file.replace("memory: 64m", "memory: 96m"),
    });
    await converge();
    assert.equal(await running("web"), then);
    assert.equal(await sh("docker inspect --format '{{.HostConfig.Memory}}' web"), "100663296");
  });

  test("are replaced when they are declared otherwise, and come back by a revert", async () => {
    const then = await running("web");
    const file = await read("apps/web.yaml");
    const changed = await stage.commit("Greet", {
      "apps/web.yaml": file.replace("GREETING: hello", "GREETING: bye"),
    });
    const plan = await slipway("plan");
    assert.match(plan.stdout, /env\.GREETING: hello → bye/);
    assert.doesNotMatch(plan.stdout, /canary/);
    const pass = spawn(bin, ["reconcile"], { env, stdio: "ignore" });
    const ended = once(pass, "close");
    await until("a new one beside it", async () =>
      (await sh("docker ps -a --format '{{.Names}}'")).includes("acme-web-1-new")
        ? true
        : undefined,
    );
    pass.kill("SIGKILL");
    await ended;
    await converge();
    assert.match(await page(), /greeting=bye/);
    const all = await sh("docker ps -a --format '{{.Names}} {{.State}}'");
    assert.match(all, /acme-web-1-prev exited/);
    await stage.revert(changed);
    await converge();
    assert.equal((await running("web")).split(" ")[0], then.split(" ")[0]);
    assert.match(await page(), /greeting=hello/);
  });

  test("come back under their names where what is declared instead does not work", async () => {
    const [then = ""] = (await running("web")).split(" ");
    const file = await read("apps/web.yaml");
    const broken = await stage.commit("Break", { "apps/web.yaml": `${file}command: ["false"]\n` });
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 1, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /reverted/);
    assert.match(await running("web"), new RegExp(`^${then} .* true$`));
    assert.match(await page(), /^version=1\n/);
    await stage.revert(broken);
    await converge();
    assert.match(await running("web"), new RegExp(`^${then} .* true$`));
  });

  test("are given back as they were", async () => {
    const names = ["web", "zoo-web-1", "zoo-db-1"];
    const then = await Promise.all(names.map(running));
    await stage.commit("Let go", { "apps/web.yaml": undefined, "apps/zoo.yaml": undefined });
    const plan = await slipway("plan");
    assert.match(plan.stdout, /zoo-db-1 is let go, and left as it is/);
    await converge();
    assert.deepEqual(await Promise.all(names.map(running)), then);
    assert.doesNotMatch(await sh("docker network ls --format '{{.Name}}'"), /slipway/);
    assert.match(await sh("docker ps --format '{{.Networks}}'"), /zoo_default/);
    assert.match(await page(8081), /^version=1\n/);
    assert.doesNotMatch(await sh("cat /var/lib/slipway/acme/inventory.json"), /adopted/);
  });
});
