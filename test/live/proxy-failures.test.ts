import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseServers } from "../../src/lib/haproxy.ts";
import { until } from "../fleet/wait.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { LoadReport } from "../support/load/load.ts";
import { noFailure, openProxiedSite, readers, type ProxiedSite } from "../support/proxied-site.ts";
import { eventsSince } from "../support/witness.ts";

const both = ["web-1", "web-2"];

describe("behind the proxy", () => {
  let site: ProxiedSite;

  const app = (tag: string, deploy = ", watch: 300ms", more = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: ${tag === "sick" ? "1s" : "20s"} }
routes: [{ host: shop.test, tls: off }]
deploy: { stopTimeout: 5s, drain: 2s${deploy} }
${more}`;

  const deploy = async (message: string, text: string | undefined): Promise<string> =>
    await site.commit(message, { "apps/shop.yaml": text });

  const ids = async (): Promise<readonly string[]> =>
    (await Promise.all(both.map((machine) => site.running(machine, "shop")))).flat();

  const evidenceOf = ({ apps }: RevisionOutcome) =>
    apps.find((a) => a.family === "shop")?.evidence ?? [];

  const switchesOf = ({ apps }: RevisionOutcome) =>
    apps.find((a) => a.family === "shop")?.switches ?? [];

  /** Failures of requests were all these. */
  const onlyFailed = (report: LoadReport, pattern: RegExp): void => {
    const kinds = Object.keys(report.failures);
    assert.ok(
      kinds.every((kind) => pattern.test(kind)),
      JSON.stringify(report),
    );
  };

  /** Who dies takes with it what it was at; and what is asked of it until that is seen may be too much to ask again. */
  const hardlyFailed = (report: LoadReport, outcome?: RevisionOutcome): void => {
    onlyFailed(report, /^(kept|fresh): (reset|status 50[23])$/);
    const failed = Object.values(report.failures).reduce((sum, n) => sum + n, 0);
    assert.ok(failed * 50 < report.requests, JSON.stringify({ ...report, outcome }));
  };

  before(async () => {
    site = await openProxiedSite(
      both,
      {
        "1": {},
        "2": {},
        "3": {},
        sick: { env: { FAIL: "health" } },
        late: { env: { FAIL: "late:2" } },
        later: { env: { FAIL: "late:20" } },
        broken: { env: { FAIL: "path:/" } },
        hungry: { env: { FAIL: "memory" } },
      },
      { isWarm: true },
    );
    const settings = `fleet: acme\nproxy: { image: "${await site.proxyImage()}" }\n`;
    await site.commit("Shop", { "slipway.yaml": settings, "apps/shop.yaml": app("1") });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("a version that never becomes healthy gets no request", async () => {
    const serving = await ids();
    await deploy("Sick", app("sick"));
    const { done: outcome, report } = await site.underLoad(both, () => site.settle("reverted"));
    noFailure(report, outcome);
    assert.deepEqual(Object.keys(report.versions), ["1"]);
    assert.deepEqual(await ids(), serving);
    assert.match(outcome.text, /^app\/shop still at [0-9a-f]{8}: not healthy/);
    assert.equal(evidenceOf(outcome)[0]?.machine, "web-1");
    assert.deepEqual(switchesOf(outcome), []);
  });

  const idOnly = (running: string): string | undefined => running.split(" ")[0];

  /** The one before is kept running for as long as it is watched. */
  const warm = ", watch: { for: 20s, warm: 20s }";

  test("a version that ends after the switch hands back to the one before, which is still warm", async () => {
    const serving = await ids();
    await deploy("Late", app("late", warm));
    const { done: outcome, report } = await site.underLoad(
      both,
      () => site.settle("reverted"),
      readers,
    );
    hardlyFailed(report, outcome);
    assert.ok((report.versions["late"] ?? 0) > 0, JSON.stringify(report));
    assert.deepEqual(await ids(), serving);
    assert.match(outcome.text, /healthy at first, then it ended/);
    assert.match(JSON.stringify(evidenceOf(outcome)), /"exitCode":3|"restarts":1/);
    assert.equal(switchesOf(outcome)[0]?.machine, "web-1");
  });

  test("a version that ends later, when all machines have it, is taken back by what is kept", async () => {
    const serving = (await ids()).map(idOnly);
    await deploy("Later", app("later", ""));
    const { done: outcome, report } = await site.underLoad(
      both,
      () => site.settle("reverted"),
      readers,
    );
    hardlyFailed(report, outcome);
    assert.deepEqual((await ids()).map(idOnly), serving);
    assert.match(outcome.text, /healthy at first, then it ended/);
    assert.match(JSON.stringify(evidenceOf(outcome)), /"exitCode":3|"restarts":1/);
    assert.deepEqual(
      switchesOf(outcome).map(({ machine }) => machine),
      both,
    );
  });

  test("a version that answers with errors is judged by them", async () => {
    const serving = await ids();
    await deploy("Broken", app("broken", warm));
    const { done: outcome, report } = await site.underLoad(both, () => site.settle("reverted"));
    onlyFailed(report, /^(kept|fresh): status 500$/);
    assert.deepEqual(await ids(), serving);
    assert.match(outcome.text, /\d+ of \d+ requests failed/);
    const [seen] = switchesOf(outcome);
    assert.equal(seen?.machine, "web-1");
    assert.ok((seen?.failed ?? 0) > 0, JSON.stringify(outcome));
  });

  test("a version that eats its memory is taken back, and said to", async () => {
    const serving = await ids();
    await deploy("Hungry", app("hungry", warm, "resources: { memory: 64m }\n"));
    const { done: outcome, report } = await site.underLoad(
      both,
      () => site.settle("reverted"),
      readers,
    );
    hardlyFailed(report, outcome);
    assert.deepEqual(await ids(), serving);
    assert.match(outcome.text, /out of memory/);
    assert.deepEqual(outcome.troubles, []);
    assert.equal(evidenceOf(outcome)[0]?.outOfMemory, true);
  });

  const failsOnSecond =
    "perMachine: { web-2: { env: { FAIL: health }, health: { deadline: 1s } } }\n";

  test("a version that fails on the second machine leaves the first, too, by what is kept there", async () => {
    const serving = await ids();
    const sinceMs = Date.now();
    await deploy("Fails there", app("2", ", watch: 300ms", failsOnSecond));
    const { done: outcome, report } = await site.underLoad(both, () => site.settle("reverted"));
    noFailure(report, outcome);
    assert.ok((report.versions["2"] ?? 0) > 0, JSON.stringify(report));
    const idsOnly = (lines: readonly string[]): readonly string[] =>
      lines.map((line) => line.split(" ", 1)[0] ?? "");
    assert.deepEqual(idsOnly(await ids()), idsOnly(serving));
    assert.deepEqual(
      evidenceOf(outcome).map((e) => e.machine),
      ["web-2"],
    );
    const events = await eventsSince(site.fleet.machine("web-1"), "shop", sinceMs);
    assert.equal(events.filter((e) => e.action === "create").length, 1, JSON.stringify(events));
  });

  test("onFailure: halt stops where it is, and goes on serving", async () => {
    await deploy("Halts", app("2", ", watch: 300ms, onFailure: halt", failsOnSecond));
    const { done: outcome, report } = await site.underLoad(both, () => site.reconcile());
    noFailure(report, outcome);
    assert.equal(outcome.outcome, "failed", JSON.stringify(outcome));
    assert.match(outcome.text, /halt/);
    assert.match(await site.ask("web-1", "shop.test"), /version=2/);
    assert.match(await site.ask("web-2", "shop.test"), /version=1/);
  });

  test("onFailure: continue goes on elsewhere", async () => {
    await deploy(
      "Goes on",
      app("3", ", watch: 300ms, onFailure: continue", failsOnSecond.replace("2", "1")),
    );
    const { done: outcome, report } = await site.underLoad(both, () => site.reconcile());
    noFailure(report, outcome);
    assert.equal(outcome.outcome, "failed", JSON.stringify(outcome));
    assert.match(await site.ask("web-2", "shop.test"), /version=3/);
    assert.match(await site.ask("web-1", "shop.test"), /version=[12]/);
    await deploy("All is well", app("1"));
    await site.settle();
  });

  test("a canary has its share on the first machine, and is promoted by itself", async () => {
    await deploy("Tried", app("2", ", watch: 300ms, canary: { share: 20%, for: 3s }"));
    const elsewhere = await site.load(["web-2"]);
    const { done, report } = await site.underLoad(["web-1"], async (load) => {
      const pass = site.settle();
      const early = await until("answers of the canary", async () => {
        const seen = await load.look();
        return (seen.versions["2"] ?? 0) > 0 ? seen : undefined;
      });
      const late = await until("more answers of the canary", async () => {
        const seen = await load.look();
        return (seen.versions["2"] ?? 0) >= (early.versions["2"] ?? 0) + 60 ? seen : undefined;
      });
      const there = await elsewhere.look();
      return { outcome: await pass, early, late, there };
    });
    noFailure(report, done.outcome);
    noFailure(await elsewhere.stop(), done.outcome);
    assert.deepEqual(Object.keys(done.there.versions), ["1"]);
    const [own, all] = [
      (done.late.versions["2"] ?? 0) - (done.early.versions["2"] ?? 0),
      done.late.requests - done.early.requests,
    ];
    assert.ok(own / all > 0.1 && own / all < 0.35, `${own} of ${all}`);
    assert.match(await site.ask("web-2", "shop.test"), /version=2/);
  });

  test("a canary that answers with errors goes", async () => {
    const serving = await ids();
    await deploy("Bad", app("broken", ", watch: 300ms, canary: { share: 20%, for: 20s }"));
    const { done: outcome, report } = await site.underLoad(both, () => site.settle("reverted"));
    onlyFailed(report, /^(kept|fresh): status 500$/);
    assert.deepEqual(await ids(), serving);
    assert.match(outcome.text, /\d+ of \d+ requests failed/);
    await deploy("As before", app("1"));
    await site.settle();
  });

  test("more and fewer instances lose nothing, and need no other proxy", async () => {
    const proxies = await site.proxies("web-1");
    const { report } = await site.underLoad(both, async () => {
      await deploy("Three", app("1", ", watch: 300ms", "instances: 3\n"));
      await site.settle();
      await deploy("Two", app("1", ", watch: 300ms", "instances: 2\n"));
      await site.settle();
    });
    noFailure(report);
    assert.equal((await site.running("web-1", "shop")).length, 2);
    assert.deepEqual(await site.proxies("web-1"), proxies);
  });

  test("an instance that is killed takes nothing with it but what it was at, and is healed", async () => {
    await deploy("Two", app("1", ", watch: 300ms", "instances: 2\n"));
    await site.settle();
    const [first = ""] = await site.running("web-1", "shop");
    const { report } = await site.underLoad(
      ["web-1"],
      async () => {
        await site.docker("web-1", "kill", first.split(" ", 1)[0] ?? "");
        await site.settle();
      },
      readers,
    );
    // What it was at goes with it.
    onlyFailed(report, /^(kept|fresh): (reset|status 502)$/);
    hardlyFailed(report);
    assert.equal((await site.running("web-1", "shop")).length, 2);
  });

  test("while no instance of a machine answers, another machine does", async () => {
    await deploy("One again", app("1"));
    await site.settle();
    const own = await site.running("web-1", "shop");
    const { report } = await site.underLoad(
      ["web-1"],
      async (load) => {
        await site.docker("web-1", "kill", ...own.map((line) => line.split(" ", 1)[0] ?? ""));
        const { requests } = await load.look();
        await until("answers from elsewhere", async () =>
          (await load.look()).requests > requests + 300 ? true : undefined,
        );
        await site.settle();
      },
      readers,
    );
    hardlyFailed(report);
  });

  test("a new app with a new host takes room that the proxy has", async () => {
    const proxies = await site.proxies("web-1");
    const pid = /^Pid: .*$/m.exec(await site.say("web-1", "show info"))?.[0];
    const other = app("2").replaceAll("shop.test", "other.test");
    const { report } = await site.underLoad(both, async () => {
      await site.commit("Other", { "apps/other.yaml": other });
      await site.settle();
    });
    noFailure(report);
    assert.deepEqual(await site.proxies("web-1"), proxies);
    assert.equal(/^Pid: .*$/m.exec(await site.say("web-1", "show info"))?.[0], pid);
    assert.match(await site.ask("web-1", "other.test"), /version=2/);
  });

  test("a number more, and another image of the proxy: another one takes the listeners over", async () => {
    const [first] = await site.proxies("web-1");
    const settings = (image: string): string => `fleet: acme\nproxy: { image: "${image}" }\n`;
    const { images } = site.fleet;
    const next = await images?.pushProxy({ tag: "next" });
    const names = [next?.reference ?? "", await site.proxyImage()];
    const { done, report } = await site.underLoad(both, async () => {
      await deploy("Number", app("1", ", watch: 300ms", "listen: 9090\n"));
      await site.settle();
      const made = [first, (await site.proxies("web-1")).at(-1)];
      // And back, while connections of the first one are open.
      for (const image of names) {
        await site.commit("Proxy", { "slipway.yaml": settings(image) });
        await site.settle();
        made.push((await site.proxies("web-1")).at(-1));
      }
      return made;
    });
    noFailure(report);
    assert.equal(new Set(done).size, 4, done.join());
  });

  test("a number that something else has: the proxy goes on as it is", async () => {
    const [before] = (await site.proxies("web-1")).slice(-1);
    const hold =
      "my $s = IO::Socket::INET->new(LocalAddr => '0.0.0.0:9191', Listen => 1) or die; sleep 600";
    const machine = site.fleet.machine("web-1");
    await machine.exec([
      "sh",
      "-c",
      'setsid perl -MIO::Socket::INET -e "$1" >/dev/null 2>&1 & echo $! >/tmp/holder',
      "sh",
      hold,
    ]);
    const { report } = await site.underLoad(both, async () => {
      await deploy("Taken", app("1", ", watch: 300ms", "listen: 9191\n"));
      const outcome = await site.reconcile();
      assert.equal(outcome.outcome, "incomplete", JSON.stringify(outcome));
      assert.match(outcome.text, /^web-1: .*9191/);
    });
    noFailure(report);
    assert.deepEqual((await site.proxies("web-1")).slice(-1), [before]);
    // And would be after the machine started anew.
    await site.docker("web-1", "restart", "-t", "2", before ?? "");
    await until("it answers", async () =>
      /version=1/.test(await site.ask("web-1", "shop.test")) ? true : undefined,
    );
    await machine.exec(["sh", "-c", "kill $(cat /tmp/holder)"]);
    await deploy("Free", app("1"));
    await site.settle();
  });

  test("what others do to the proxy is undone", async () => {
    const config = "/var/lib/slipway/acme/proxy/haproxy.cfg";
    await site.fleet.machine("web-1").exec(["sh", "-c", `echo '# mine' >>${config}`]);
    assert.ok((await site.settle()).changes > 0);
    assert.doesNotMatch((await site.fleet.machine("web-1").exec(["cat", config])).stdout, /mine/);
    const servers = parseServers(await site.say("web-1", "show servers state")) ?? [];
    const one = servers.find((s) => s.ready && s.slot.startsWith("i1"));
    await site.say("web-1", `set server ${one?.backend}/${one?.slot} state maint`);
    assert.ok((await site.settle()).changes > 0);
    const [proxy = ""] = await site.proxies("web-1");
    await site.docker("web-1", "rm", "-f", proxy);
    assert.ok((await site.settle()).changes > 0);
    assert.match(await site.ask("web-1", "shop.test"), /version=1/);
  });

  test("what a guard keeps is reached as before, and without it the proxy goes", async () => {
    const proxies = await site.proxies("web-1");
    const nothing = { "apps/shop.yaml": undefined, "apps/other.yaml": undefined };
    const { report } = await site.underLoad(both, async () => {
      await site.commit("Gone", nothing);
      await site.settle("held");
    });
    noFailure(report);
    assert.deepEqual(await site.proxies("web-1"), proxies);
    await site.commit(
      "Gone\n\nSlipway-Allow: delete app/shop\nSlipway-Allow: delete app/other",
      {},
    );
    await site.settle();
    assert.deepEqual(await site.proxies("web-1"), []);
    const found = await site.fleet.machine("web-1").exec(["ls", "/var/lib/slipway/acme"]);
    assert.doesNotMatch(found.stdout, /^proxy$/m);
  });
});
