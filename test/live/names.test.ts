import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { until } from "../fleet/wait.ts";
import { openSite, type Site } from "../support/site.ts";

describe("names of instances", () => {
  let site: Site;

  const app = (more = "", env = ""): string => `
image: ${site.image("1")}
machines: all
port: 8080
health: { http: /up, interval: 50ms }
deploy: { stopTimeout: 1s }
env: { A: "${env}" }
${more}`;

  const docker = async (machine: string, ...argv: string[]): Promise<string> =>
    (await site.fleet.machine(machine).docker(argv)).trim();

  const ids = async (machine: string, name: string): Promise<readonly string[]> =>
    (await site.running(machine, name)).map((line) => line.split(" ", 1)[0] ?? "").toSorted();

  /** Who answers under a name, as a container that runs on that machine sees it. */
  const answers = async (machine: string, name: string): Promise<string> => {
    const [from] = await ids(machine, "still");
    assert.ok(from !== undefined);
    const url = `http://${name}:8080/env`;
    const text = await docker(machine, "exec", from, "wget", "-qO-", url);
    const own = (key: string): string =>
      new RegExp(`^SLIPWAY_${key}=(.*)$`, "m").exec(text)?.[1] ?? "";
    return `${own("APP")} ${own("MACHINE")} ${own("INSTANCE")}`;
  };

  const allRunning = async (): Promise<readonly string[]> => {
    const found = ["web-1", "web-2"].flatMap((m) => ["still", "shop", "db"].map((a) => ids(m, a)));
    return (await Promise.all(found)).flat().toSorted();
  };

  before(async () => {
    site = await openSite({ machines: ["web-1", "web-2"] });
    await site.commit("Apps", {
      "apps/still.yaml": app(),
      "apps/shop.yaml": app("instances: 2\n"),
      "apps/db.yaml": app("volumes: { data: /data }\n").replace("all", "web-2"),
    });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("each stands for one container, on its own machine too", async () => {
    assert.equal(await answers("web-1", "shop-1"), "shop web-1 1");
    assert.equal(await answers("web-1", "shop-2"), "shop web-1 2");
    assert.equal(await answers("web-2", "shop-3"), "shop web-2 1");
    assert.equal(await answers("web-2", "shop-4"), "shop web-2 2");
    assert.equal(await answers("web-2", "db-1"), "db web-2 1");
    assert.match(await answers("web-2", "shop"), /^shop web-2 /);
    assert.equal(await answers("web-2", "db.web-2"), "db web-2 1");
  });

  test("move with the number of instances on machines before, and roll nothing", async () => {
    const before = await allRunning();
    const more = "instances: 2\nperMachine: { web-1: { instances: 3 } }\n";
    await site.commit("Three", { "apps/shop.yaml": app(more) });
    await site.settle();
    assert.equal(await answers("web-1", "shop-3"), "shop web-1 3");
    assert.equal(await answers("web-2", "shop-4"), "shop web-2 1");
    assert.equal(await answers("web-2", "shop-5"), "shop web-2 2");
    const after = await allRunning();
    assert.ok(before.every((id) => after.includes(id)));
    await site.commit("Two", { "apps/shop.yaml": app("instances: 2\n") });
    await site.settle();
    assert.deepEqual(await allRunning(), before);
    assert.equal(await answers("web-2", "shop-3"), "shop web-2 1");
  });

  test("follow through a rollout, and back, start-first and stop-first", async () => {
    const commit = await site.commit("Others", {
      "apps/shop.yaml": app("instances: 2\n", "b"),
      "apps/db.yaml": app("volumes: { data: /data }\n", "b").replace("all", "web-2"),
    });
    const check = async (): Promise<void> => {
      assert.equal(await answers("web-1", "shop-1"), "shop web-1 1");
      assert.equal(await answers("web-2", "shop-3"), "shop web-2 1");
      assert.equal(await answers("web-2", "db-1"), "db web-2 1");
    };
    await site.settle();
    await check();
    await site.infra.revert(commit);
    await site.settle();
    await check();
  });

  test("never stand for nobody while a rollout is under way", async () => {
    await site.commit("Slow on the second machine", {
      "apps/shop.yaml": app(
        "instances: 2\nperMachine: { web-2: { env: { START_MS: '2500' } } }\n",
        "c",
      ),
    });
    const old = await ids("web-1", "shop");
    const ending = site.settle();
    await until("the first machine has new ones", async () => {
      const now = await ids("web-1", "shop");
      return now.length === 2 && now.every((id) => !old.includes(id)) ? true : undefined;
    });
    assert.equal(await answers("web-1", "shop-1"), "shop web-1 1");
    assert.equal(await answers("web-1", "shop-2"), "shop web-1 2");
    assert.ok((await ids("web-2", "shop")).length >= 2);
    await ending;
  });

  const two = async (): Promise<void> => {
    await site.commit("Two", { "apps/shop.yaml": app("instances: 2\n", "c") });
    await site.settle();
  };

  const three = async (): Promise<void> => {
    const more = "instances: 2\nperMachine: { web-1: { instances: 3 } }\n";
    await site.commit("Three", { "apps/shop.yaml": app(more, "c") });
    await site.settle();
  };

  const replacements: Readonly<Record<string, string>> = {
    "another file is moved there":
      'cp "$1" /tmp/new && echo 10.9.9.9 wrong >>/tmp/new && mv /tmp/new "$1"',
    "an editor writes it anew": 'sed -i s/shop/hops/ "$1"',
    "it is removed": 'rm "$1"',
    "it is put aside, and copied back": 'mv "$1" "$1-aside" && cp "$1-aside" "$1" && rm "$1-aside"',
  };

  for (const [how, script] of Object.entries(replacements)) {
    test(`reach what runs when ${how}, and restart nothing`, async () => {
      const machine = site.fleet.machine("web-1");
      const running = await allRunning();
      await machine.exec(["sh", "-c", script, "sh", "/var/lib/slipway/acme/hosts"]);
      const [change] = changesOf(await site.by((controller) => controller.plan()));
      assert.equal(change?.reason.code, "names-detached");
      assert.equal((await site.settle()).changes, 1);
      assert.deepEqual(await allRunning(), running);
      const inContainer = async (): Promise<string> =>
        await docker("web-1", "exec", (await ids("web-1", "still"))[0] ?? "", "cat", "/etc/hosts");
      const onMachine = async (): Promise<string> =>
        (await machine.exec(["cat", "/var/lib/slipway/acme/hosts"])).stdout.trim();
      assert.equal(await inContainer(), await onMachine());
      // And from then on: names move, by one more instance before them or one fewer.
      const names = await onMachine();
      const isMore = (await ids("web-1", "shop")).length === 2;
      await (isMore ? three() : two());
      assert.notEqual(await onMachine(), names);
      const last = isMore ? 3 : 2;
      assert.equal(await answers("web-1", `shop-${last}`), `shop web-1 ${last}`);
      assert.equal(await inContainer(), await onMachine());
    });
  }

  test("stay right when a machine comes back from a power cut", async () => {
    await two();
    const machine = site.fleet.machine("web-2");
    // The engine gives addresses by itself in another order after this.
    await docker("web-2", "run", "-d", "--network", "slipway-acme", site.image("1"));
    await machine.faults.kill();
    await machine.faults.start();
    await until("all run again", async () =>
      (await ids("web-2", "shop")).length === 2 && (await ids("web-2", "db")).length === 1
        ? true
        : undefined,
    );
    const whenUp = async (name: string): Promise<string> =>
      await until(`${name} answers`, async () => await answers("web-2", name));
    assert.equal(await whenUp("shop-3"), "shop web-2 1");
    assert.equal(await whenUp("shop-4"), "shop web-2 2");
    assert.equal(await whenUp("db-1"), "db web-2 1");
    const outcome = await site.settle();
    assert.equal(outcome.changes, 0, JSON.stringify(outcome));
  });
});
