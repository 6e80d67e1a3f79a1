import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../fleet/wait.ts";
import { follow } from "../support/following.ts";
import { startController } from "../support/processes.ts";
import { openSite, type Site } from "../support/site.ts";
import { eventsSince } from "../support/witness.ts";

describe("a rollout", () => {
  let site: Site;

  const app = (tag: string, more = "", deploy = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: ${tag === "sick" ? "1s" : "60s"} }
deploy: { stopTimeout: 1s${deploy} }
${more}`;

  const docker = async (machine: string, ...argv: string[]): Promise<string> =>
    (await site.fleet.machine(machine).docker(argv)).trim();

  const ids = async (machine: string, name: string): Promise<readonly string[]> =>
    (await site.running(machine, name)).map((line) => line.split(" ", 1)[0] ?? "").toSorted();

  const idOf = async (machine: string, name: string): Promise<string> => {
    const [id] = await ids(machine, name);
    assert.ok(id !== undefined, `${name} does not run on ${machine}`);
    return id;
  };

  const versionOn = async (machine: string, name: string): Promise<string> => {
    const text = await docker(machine, "exec", await idOf(machine, name), "wget", "-qO-", self);
    return /^version=(.*)$/m.exec(text)?.[1] ?? text;
  };
  const self = "http://127.0.0.1:8080/";

  /** An app of this test alone, which goes with the next pass after it. */
  const withApp = async (name: string, text: string, work: () => Promise<void>): Promise<void> => {
    await site.commit(`${name} is new`, { [`apps/${name}.yaml`]: text });
    await site.settle();
    await work();
    await site.commit(`${name} goes`, { [`apps/${name}.yaml`]: undefined });
  };

  /** The app of several tests, made to be so from what the one before left; what fails is another each time, as it is not tried again. */
  const withShop = async (text: string): Promise<void> => {
    await site.commit("Shop, so", { "apps/shop.yaml": text });
    await site.settle();
  };

  /** Of what a test is about on one machine as on two. */
  const onOne = (text: string): string => text.replace("machines: all", "machines: web-1");

  before(async () => {
    site = await openSite(
      { machines: ["web-1", "web-2"], isWarm: true },
      { "1": {}, "2": {}, sick: { env: { FAIL: "health" } }, late: { env: { FAIL: "late" } } },
    );
    await site.commit("Still", { "apps/still.yaml": app("1"), "apps/other.yaml": app("1") });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("a version that ends after it was healthy is taken back everywhere", async () => {
    await withShop(app("1"));
    const before = await ids("web-1", "shop");
    const watched = app("late", "", ", watch: 15s");
    const late = await site.commit("Late", { "apps/shop.yaml": watched });
    const outcome = await site.settle("reverted");
    assert.match(outcome.text, /healthy at first, then it ended/);
    assert.match(JSON.stringify(outcome.apps), /"exitCode":3|"restarts":1/);
    assert.deepEqual(await ids("web-1", "shop"), before);
    assert.equal(await versionOn("web-2", "shop"), "1");
    await site.infra.revert(late);
    assert.equal((await site.settle()).changes, 0);
  });

  test("goes to one machine first: where that fails, no other is touched", async () => {
    await withShop(app("1"));
    const serving = await idOf("web-1", "shop");
    const sinceMs = Date.now();
    await site.commit("Sick", { "apps/shop.yaml": app("sick") });
    const outcome = await site.settle("reverted");
    assert.deepEqual(
      outcome.apps.find((a) => a.family === "shop")?.evidence?.map((e) => e.machine),
      ["web-1"],
    );
    assert.deepEqual(await eventsSince(site.fleet.machine("web-2"), "shop", sinceMs), []);
    assert.equal(await idOf("web-1", "shop"), serving);
  });

  const failsOnSecond =
    "perMachine: { web-2: { env: { FAIL: health }, health: { deadline: 1s } } }\n";

  test("that fails on the second machine returns the first", async () => {
    await withShop(app("1"));
    const [first, second] = [await idOf("web-1", "shop"), await idOf("web-2", "shop")];
    const sick = app("2", failsOnSecond);
    await site.commit("Fails there", { "apps/shop.yaml": sick });
    const outcome = await site.settle("reverted");
    assert.match(outcome.text, /^app\/shop still at [0-9a-f]{8}: /);
    assert.equal(await idOf("web-1", "shop"), first);
    assert.equal(await idOf("web-2", "shop"), second);
  });

  test("that fails with onFailure: halt stops where it is", async () => {
    const halt = ", onFailure: halt";
    await withShop(app("1", "", halt));
    const second = await idOf("web-2", "shop");
    const sick = app("2", `env: { TEST: halt }\n${failsOnSecond}`, halt);
    await site.commit("Fails there", { "apps/shop.yaml": sick });
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "failed", JSON.stringify(outcome));
    assert.match(outcome.text, /halt/);
    assert.equal(await versionOn("web-1", "shop"), "2");
    assert.equal(await idOf("web-2", "shop"), second);
    const again = await site.reconcile();
    assert.deepEqual([again.outcome, again.changes], ["failed", 0], JSON.stringify(again));
    await withShop(app("1"));
  });

  test("that fails with onFailure: continue goes on elsewhere, and is back by a revert", async () => {
    const going = ", onFailure: continue";
    await withApp("going", app("1", "", going), async () => {
      const [first, second] = [await idOf("web-1", "going"), await idOf("web-2", "going")];
      const sick = app("2", failsOnSecond.replace("web-2", "web-1"), going);
      const commit = await site.commit("Fails there", { "apps/going.yaml": sick });
      const outcome = await site.reconcile();
      assert.equal(outcome.outcome, "failed", JSON.stringify(outcome));
      assert.match(outcome.text, /web-1: not healthy.*; live on web-2/);
      assert.equal(await idOf("web-1", "going"), first);
      assert.equal(await versionOn("web-2", "going"), "2");
      const names = await docker("web-1", "ps", "-a", "--format", "{{.Names}}");
      assert.match(names, /-going-1-failed$/m);
      await docker("web-2", "rm", "-f", await idOf("web-2", "going"));
      assert.equal((await site.reconcile()).changes, 1, "it is healed where it works");
      await site.infra.revert(commit);
      await site.settle();
      assert.deepEqual(
        [await idOf("web-1", "going"), await versionOn("web-2", "going")],
        [first, "1"],
      );
      assert.equal(await idOf("web-2", "going"), second);
    });
  });

  const holding = (tag: string, more: string): string =>
    app(tag, `volumes: { /srv/held: /data }\n${more}`, ", strategy: stop-first");

  test("stop-first that fails waits until the one before is healthy again", async () => {
    const slow = "env: { START_MS: '2500' }\n";
    await withApp("held", onOne(holding("1", slow)), async () => {
      const before = await idOf("web-1", "held");
      await site.commit("Sick", { "apps/held.yaml": onOne(holding("sick", "")) });
      await site.settle("reverted");
      assert.equal(await versionOn("web-1", "held"), "1");
      assert.equal(await idOf("web-1", "held"), before);
    });
  });

  test("stop-first that fails says when the one before does not become healthy either", async () => {
    // Short for who never is healthy, long for who is: two runs of a command in a container.
    const probe =
      'health: { command: ["test", "!", "-e", "/data/bad"], interval: 250ms, deadline: 5s }';
    const fragile = (more = ""): string => onOne(holding("1", more)).replace(/^health.*$/m, probe);
    const spoils = 'entrypoint: ["sh", "-c", "touch /data/bad; exec sleep 600"]\n';
    await withApp("fragile", fragile(), async () => {
      const before = await idOf("web-1", "fragile");
      const good = await site.infra.git("rev-parse", "HEAD");
      await site.commit("Spoils", { "apps/fragile.yaml": fragile(spoils) });
      const outcome = await site.reconcile();
      assert.equal(outcome.outcome, "failed", JSON.stringify(outcome));
      assert.match(outcome.text, /not healthy.*; not yet back at .*: .*not healthy/);
      assert.ok(outcome.text.includes(`not yet back at ${good.slice(0, 8)}`));
      assert.equal(await idOf("web-1", "fragile"), before);
      await docker("web-1", "exec", before, "rm", "/data/bad");
      await site.settle("reverted");
      assert.equal(await idOf("web-1", "fragile"), before);
    });
  });

  test("of an app that came back has nothing to return to", async () => {
    await withApp("back", onOne(app("1")), async () => {});
    await site.settle();
    await site.commit("Back, but sick", { "apps/back.yaml": onOne(app("sick")) });
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "failed", JSON.stringify(outcome));
    assert.match(outcome.text, /nothing to return to/);
    assert.deepEqual(await ids("web-1", "back"), []);
    await site.commit("back goes", { "apps/back.yaml": undefined });
  });

  test("does not try what comes after an app that fails", async () => {
    const api = (tag: string): string => app(tag, "after: [db]\n");
    await withApp("db", app("1"), async () => {
      await withApp("api", api("1"), async () => {
        const before = await idOf("web-1", "api");
        const commit = await site.commit("Both", {
          "apps/db.yaml": app("sick"),
          "apps/api.yaml": api("2"),
        });
        const outcome = await site.reconcile();
        const of = (family: string) => outcome.apps.find((a) => a.family === family);
        assert.deepEqual(
          [of("db")?.outcome, of("api")?.outcome],
          ["reverted", "held"],
          JSON.stringify(outcome),
        );
        assert.match(of("api")?.text ?? "", /needs app\/db/);
        assert.equal(await idOf("web-1", "api"), before);
        const again = await site.settle("reverted");
        assert.match(again.apps.find((a) => a.family === "api")?.text ?? "", /needs app\/db first/);
        assert.equal(await idOf("web-1", "api"), before, "nor later");
        await docker("web-1", "rm", "-f", before);
        const healed = await site.settle("reverted");
        assert.match(
          healed.apps.find((a) => a.family === "api")?.text ?? "",
          /needs app\/db first/,
        );
        assert.equal(await versionOn("web-1", "api"), "1", "it is kept up at what it was");
        await site.infra.revert(commit);
        await site.settle();
        await site.commit("In order", { "apps/db.yaml": app("2"), "apps/api.yaml": api("2") });
        const sinceMs = Date.now();
        await site.settle();
        const startedAt = async (name: string): Promise<readonly number[]> => {
          const machines = ["web-1", "web-2"].map((m) => site.fleet.machine(m));
          const events = await Promise.all(machines.map((m) => eventsSince(m, name, sinceMs)));
          return events.flat().flatMap((e) => (e.action === "start" ? e.at : []));
        };
        const [db, later] = [await startedAt("db"), await startedAt("api")];
        assert.ok(Math.max(...db) < Math.min(...later), `${db.join()} before ${later.join()}`);
      });
    });
  });

  test("runs its release once, before any switch: not on a revert, a heal or after a crash", async () => {
    // Goes on only when it is let.
    const release = (tag: string): string =>
      app(
        tag,
        `volumes: { /srv/shop: /data }
release: { command: ["sh", "-c", "until [ -e /data/go-${tag} ]; do sleep 0.1; done; echo ${tag} >> /data/releases"] }
`,
      );
    const letGo = async (tag: string): Promise<void> => {
      const script = `mkdir -p /srv/shop && touch /srv/shop/go-${tag}`;
      await site.fleet.machine("web-1").exec(["sh", "-c", script]);
    };
    const releases = async (machine = "web-1"): Promise<string> => {
      const { stdout } = await site.fleet.machine(machine).exec(["cat", "/srv/shop/releases"]);
      return stdout.trim();
    };
    await letGo("1");
    await withApp("released", release("1"), async () => {
      assert.equal(await releases(), "1");
      assert.equal(await releases("web-2"), "");
      const commit = await site.commit("Two", { "apps/released.yaml": release("2") });
      const child = startController(site.options);
      await until("the release runs", async () =>
        child.made().some((c) => c.text.endsWith("/start")) ? true : undefined,
      );
      child.process.kill("SIGKILL");
      await child.ended;
      assert.equal(await releases(), "1", "it was killed in the middle");
      await letGo("2");
      await site.settle();
      assert.equal(await releases(), "1\n2");
      await docker("web-1", "rm", "-f", await idOf("web-1", "released"));
      await site.settle();
      await site.infra.revert(commit);
      await site.settle();
      assert.equal(await versionOn("web-1", "released"), "1");
      assert.equal(await releases(), "1\n2");
    });
  });

  test("runs a service's release where that service is, and not again where it joins", async () => {
    const services = (machines: string): string => {
      const command = 'command: ["sh", "-c", "echo ran >> /data/releases"]';
      const web = `{ machines: ${machines}, volumes: { /srv/joined: /data }, release: { ${command} } }`;
      return app("1", `services: { web: ${web}, worker: {} }\n`);
    };
    const releases = async (machine: string): Promise<string> => {
      const argv = ["sh", "-c", "cat /srv/joined/releases 2>/dev/null || true"];
      return (await site.fleet.machine(machine).exec(argv)).stdout.trim();
    };
    await withApp("joined", services("web-2"), async () => {
      assert.deepEqual([await releases("web-1"), await releases("web-2")], ["", "ran"]);
      await site.commit("Join", { "apps/joined.yaml": services("all") });
      await site.settle();
      await idOf("web-1", "joined-web");
      assert.deepEqual([await releases("web-1"), await releases("web-2")], ["", "ran"]);
    });
  });

  test("scales up and down without touching the others", async () => {
    await withApp("scaled", onOne(app("1", "instances: 2\n")), async () => {
      const two = await ids("web-1", "scaled");
      assert.equal(two.length, 2);
      await site.commit("Three", { "apps/scaled.yaml": onOne(app("1", "instances: 3\n")) });
      await site.settle();
      const three = await ids("web-1", "scaled");
      assert.deepEqual([three.length, two.every((id) => three.includes(id))], [3, true]);
      await site.commit("One", { "apps/scaled.yaml": onOne(app("1")) });
      await site.settle();
      const [one, ...rest] = await ids("web-1", "scaled");
      assert.deepEqual([rest, two.includes(one ?? "")], [[], true]);
    });
  });

  test("gives services a bridge of their own, where they have short names", async () => {
    const services = "services: { suite: {}, web: {}, worker: { command: [/app/server] } }\n";
    await withApp("suite", onOne(app("1", services)), async () => {
      const worker = await idOf("web-1", "suite-worker");
      for (const name of ["suite", "web"]) {
        const url = `http://${name}:8080/`;
        const answer = await docker("web-1", "exec", worker, "wget", "-qO-", url);
        assert.match(answer, /^version=1$/m, name);
      }
      const still = await idOf("web-1", "still");
      // Busybox's wget falls over its own `-T` (exit code 139): what is refused here is the name.
      await assert.rejects(
        docker("web-1", "exec", still, "wget", "-qO-", "http://worker:8080/"),
        /bad address/,
      );
    });
  });

  test("stops what is declared stopped and starts the same container again", async () => {
    await withShop(app("1"));
    const before = await ids("web-1", "shop");
    await site.commit("Stop", { "apps/shop.yaml": app("1", "state: stopped\n") });
    await site.settle();
    assert.deepEqual(await ids("web-1", "shop"), []);
    await site.commit("Start", { "apps/shop.yaml": app("1") });
    await site.settle();
    assert.deepEqual(await ids("web-1", "shop"), before);
  });

  test("keeps containers and data through a rename; data goes only when told by name", async () => {
    const data = "volumes: { data: /data }\n";
    await site.commit("Catalog", { "apps/catalog.yaml": app("1", data) });
    await site.settle();
    const before = await idOf("web-1", "catalog");
    await docker("web-1", "exec", before, "sh", "-c", "echo precious > /data/x");
    await site.commit("Renamed", {
      "apps/catalog.yaml": undefined,
      "apps/products.yaml": app("1", `${data}renamedFrom: catalog\n`),
    });
    await site.settle();
    const named = await docker(
      "web-1",
      "ps",
      "-q",
      "--no-trunc",
      "--filter",
      "name=acme-products-",
    );
    assert.equal(named, before);
    assert.equal(await docker("web-1", "exec", before, "cat", "/data/x"), "precious");

    await site.commit("Gone", { "apps/products.yaml": undefined });
    const held = await site.reconcile();
    assert.equal(held.outcome, "held", JSON.stringify(held));
    const volumes = held.held.map((h) => h.address);
    assert.equal(volumes.length, 2, JSON.stringify(held.held));
    assert.match(held.held[0]?.text ?? "", /data is kept; needs Slipway-Allow: destroy machine\//);
    assert.equal(await docker("web-1", "volume", "ls", "-q"), "catalog_data");
    await site.commit("Words", { "README.md": "words\n" });
    await site.settle();
    assert.equal(await docker("web-1", "volume", "ls", "-q"), "catalog_data", "still kept");
    const allows = volumes.map((address) => `Slipway-Allow: destroy ${address}`).join("\n");
    await site.commit(`The data, too\n\n${allows}`, {});
    await site.settle();
    assert.equal(await docker("web-1", "volume", "ls", "-q"), "");
  });

  test("destroys a volume by name although a kept container mounts it", async () => {
    const lets = "volumes: { old: /old }\n";
    await withApp("keeper", app("1", lets).replace("all", "web-1"), async () => {
      const allow = "Slipway-Allow: destroy machine/web-1/app/keeper/volume/old";
      await site.commit(`Without\n\n${allow}`, {
        "apps/keeper.yaml": app("1").replace("all", "web-1"),
      });
      await site.settle();
      assert.doesNotMatch(await docker("web-1", "volume", "ls", "-q"), /keeper_old/);
    });
  });

  test("leaves no names behind of an app that never worked", async () => {
    const names = async (): Promise<string> =>
      (await site.fleet.machine("web-2").exec(["cat", "/etc/hosts"])).stdout;
    await site.commit("Never", { "apps/never.yaml": app("sick") });
    const outcome = await site.settle("failed");
    assert.match(outcome.text, /never/);
    assert.doesNotMatch(await names(), /\bnever\b/);
    await site.commit("Now it works", { "apps/never.yaml": app("1") });
    await site.settle();
    assert.match(await names(), /\bnever\b/);
    await site.commit("Gone", { "apps/never.yaml": undefined });
  });

  test("makes room for a newer commit, however long the one before would still take", async () => {
    await withShop(app("1"));
    const daemon = await follow(site.options);
    const stuck = app("2", "env: { START_MS: '600000' }\n").replace("60s", "900s");
    const old = await site.commit("Stuck", { "apps/shop.yaml": stuck });
    await until("it waits", async () =>
      daemon.controller.events.some((e) => e.type === "progress" && /waiting/.test(e.text))
        ? true
        : undefined,
    );
    const newer = await site.commit("Better", { "apps/shop.yaml": app("2") });
    const superseded = await daemon.ended(old, "superseded");
    assert.match(superseded.text, new RegExp(`superseded by ${newer.slice(0, 8)}`));
    await daemon.ended(newer, "applied");
    await daemon.stop();
    assert.equal(await versionOn("web-2", "shop"), "2");
    assert.deepEqual(
      daemon.controller.told.filter((o) => o.revision === old).map((o) => o.outcome),
      ["superseded"],
    );
    await site.commit("Shop goes", { "apps/shop.yaml": undefined });
  });

  test("does not empty most of the fleet unasked; a revert needs no leave", async () => {
    await site.settle();
    const before = await ids("web-1", "still");
    const gone = await site.commit("No apps but another", {
      "apps/fresh.yaml": onOne(app("1")),
      "apps/still.yaml": undefined,
      "apps/other.yaml": undefined,
    });
    const held = await site.reconcile();
    assert.equal(held.outcome, "held", JSON.stringify(held));
    assert.match(held.text, /needs Slipway-Allow: delete/);
    assert.deepEqual(await ids("web-1", "still"), before);
    const reaches = async (from: string, to: string): Promise<string> =>
      await docker("web-1", "exec", from, "wget", "-qO-", `http://${to}:8080/up`);
    const fresh = await idOf("web-1", "fresh");
    assert.equal(await reaches(before[0] ?? "", "fresh-1"), "ok", "what stays finds what is new");
    assert.equal(await reaches(fresh, "still-1"), "ok", "and is found by it");
    await site.infra.revert(gone);
    await site.settle();
    assert.deepEqual(await ids("web-1", "still"), before);
    const two = "Two more";
    const more = await site.commit(two, {
      "apps/x.yaml": onOne(app("1")),
      "apps/y.yaml": onOne(app("1")),
    });
    await site.settle();
    const three = await site.commit("A third", { "apps/z.yaml": onOne(app("1")) });
    await site.settle();
    await site.infra.git("revert", "--no-edit", three, more);
    await site.settle();
    assert.deepEqual(await ids("web-1", "x"), []);
    const allows = ["still", "other"].map((a) => `Slipway-Allow: delete app/${a}`).join("\n");
    await site.commit(`No apps, really\n\n${allows}`, {
      "apps/still.yaml": undefined,
      "apps/other.yaml": undefined,
    });
    await site.settle();
    assert.deepEqual(await ids("web-1", "still"), []);
  });

  test("forgets a machine that is removed; empties it only when told", async () => {
    await site.commit("Still", { "apps/still.yaml": app("1") });
    await site.settle();
    const before = await ids("web-2", "still");
    const removed = await site.commit("One machine", { "machines/web-2.yaml": undefined });
    await site.settle();
    assert.deepEqual(await ids("web-2", "still"), before);
    await site.infra.revert(removed);
    await site.settle();
    assert.deepEqual(await ids("web-2", "still"), before);
    await site.commit("Empty it\n\nSlipway-Allow: delete machine/web-2", {
      "machines/web-2.yaml": undefined,
    });
    await site.settle();
    assert.deepEqual(await ids("web-2", "still"), []);
    assert.equal((await ids("web-1", "still")).length, 1);
  });
});
