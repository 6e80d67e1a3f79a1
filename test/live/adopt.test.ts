import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertPublished } from "../support/published.ts";
import { sealing } from "../support/sealed.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

/** A server that somebody set up by hand: taken over, deployed to, and given back. */
describe("containers that were made by hand", { timeout: 600_000 }, () => {
  let stage: Stage;
  let env: NodeJS.ProcessEnv;
  let adopted: string;

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
  const page = async (): Promise<string> =>
    await (await fetch(`http://${machine().privateAddress}:8080/`)).text();
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
      `--name shop-${service}-1 --network shop_default --network-alias ${service} ` +
      `--label com.docker.compose.project=shop --label com.docker.compose.service=${service} ` +
      "--label com.docker.compose.container-number=1 --restart always";
    await sh(`
      docker run -d --name web -p 8080:8080 -v web-data:/data -v /srv/conf:/conf:ro --memory 64m --cpus 0.5 \\
        --restart unless-stopped -e GREETING=hello -e DB_PASSWORD=canary-one -e 'URL=postgres://a:canary-two@db/x' ${image}
      docker network create shop_default
      docker run -d ${compose("web")} -e API_TOKEN=canary-three ${image}
      docker run -d ${compose("db")} --volume shop_db:/var/lib/db --stop-timeout 30 ${image} /app/server
      docker run -d --rm --name scratch ${image}
      docker run -d --name other --pid host ${image}
    `);
  });
  after(async () => {
    await stage?.close();
  });

  test("are written as apps, and nothing of a secret is shown", async () => {
    const address = `ssh://${machine().address}`;
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
      await read("apps/shop.yaml"),
      await read("secrets/web.yaml"),
      await read("secrets/shop.yaml"),
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
    const names = ["web", "shop-web-1", "shop-db-1"];
    const then = await Promise.all(names.map(running));
    adopted = await stage.commit("Take over web-1", {});
    const plan = await slipway("plan");
    assert.doesNotMatch(plan.stdout, /replace|restart policy|canary/);
    assert.match(plan.stdout, /nothing is restarted/);
    await converge();
    assert.deepEqual(await Promise.all(names.map(running)), then);
    assert.match(await page(), /^version=1\n/);
    const ps = await slipway("ps");
    assert.match(ps.stdout, /^shop-db +web-1 +1 +running/m);
  });

  test("are replaced when they are declared otherwise, and come back by a revert", async () => {
    const then = await running("web");
    const file = await read("apps/web.yaml");
    const changed = await stage.commit("Greet", {
      "apps/web.yaml": file.replace("GREETING: hello", "GREETING: bye"),
    });
    const plan = await slipway("plan");
    assert.match(plan.stdout, /GREETING/);
    assert.doesNotMatch(plan.stdout, /canary/);
    await converge();
    assert.match(
      await sh("docker ps -a --format '{{.Names}} {{.State}}'"),
      /acme-web-1-prev exited/,
    );
    assert.match(await page(), /^version=1\n/);
    await stage.revert(changed);
    await converge();
    assert.equal((await running("web")).split(" ")[0], then.split(" ")[0]);
    assert.match(await page(), /^version=1\n/);
  });

  test("are given back as they were", async () => {
    const names = ["web", "shop-web-1", "shop-db-1"];
    const then = await Promise.all(names.map(running));
    await stage.revert(adopted);
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    assert.deepEqual(await Promise.all(names.map(running)), then);
  });
});
