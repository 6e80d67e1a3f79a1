import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../fleet/wait.ts";
import { follow } from "../support/following.ts";
import type { LoadReport } from "../support/load/load.ts";
import { noFailure, openProxiedSite, type ProxiedSite } from "../support/proxied-site.ts";
import { startController, type Child } from "../support/processes.ts";
import { sampled } from "../support/sampled.ts";

const machine = "web-1";

/** A moment of a rollout: a call of the controller that has been answered. */
interface Moment {
  readonly name: string;
  readonly call: RegExp;
  readonly deploy?: string;
  /** Of the app besides; with another number it needs another proxy. */
  readonly more?: string;
}

const moments: readonly Moment[] = [
  { name: "after the start", call: /^POST .*\/start$/ },
  { name: "with a share", call: /^talk set server/, deploy: ", canary: { share: 20%, for: 3s }" },
  { name: "during the watch", call: /^talk set server/, deploy: ", watch: 3s" },
  { name: "before the drain", call: /^POST .*\/rename\?name=.*-[0-9a-f]{8}$/ },
  {
    name: "before another proxy starts",
    call: /^POST \/containers\/create\?name=slipway-acme-proxy-[0-9a-f]{8}$/,
    more: "listen: 9001\n",
  },
  { name: "before the former proxy is told", call: /^POST .*\/update$/, more: "listen: 9002\n" },
];

describe("what dies during a rollout behind the proxy", () => {
  let site: ProxiedSite;
  let round = 0;

  const app = (tag: string, deploy = "", more = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: 60s }
routes: [{ host: shop.test, tls: off }]
deploy: { stopTimeout: 5s, drain: 2s${deploy} }
env: { ROUND: "${++round}" }
${more}`;

  const deploy = (text: string): Promise<string> =>
    site.commit(`Round ${round}`, { "apps/shop.yaml": text });

  /** A controller that has come so far in a rollout. */
  const comesTo = async ({ name, call, deploy: how, more }: Moment) => {
    await deploy(app("2", how, more));
    const child = startController(site.options);
    await until(`a controller ${name}`, async () => {
      assert.equal(child.process.exitCode, null, (await ifEnded(child)) ?? "");
      return child.made().some(({ text }) => call.test(text)) ? true : undefined;
    });
    return child;
  };

  const ifEnded = async (child: Child): Promise<string | undefined> =>
    child.process.exitCode === null ? undefined : (await child.ended).said;

  const watched: Moment = {
    name: "during the watch",
    call: /^talk set server/,
    deploy: ", watch: 4s",
  };

  before(async () => {
    site = await openProxiedSite([machine], {
      "1": {},
      "2": {},
      sick: { env: { FAIL: "health" } },
    });
    const settings = `fleet: acme\ndefaults: { app: { deploy: { watch: 300ms } } }\nproxy: { image: "${await site.proxyImage()}" }\n`;
    await site.commit("Shop", { "slipway.yaml": settings, "apps/shop.yaml": app("1") });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  for (const moment of sampled(moments)) {
    test(`the controller ${moment.name}: no request is lost, and the next one ends it`, async () => {
      const { report } = await site.underLoad([machine], async () => {
        const child = await comesTo(moment);
        child.process.kill("SIGKILL");
        await child.ended;
        await site.settle();
      });
      noFailure(report);
      assert.equal((await site.running(machine, "shop")).length, 1);
      const names = await site.docker(machine, "ps", "--format", "{{.Names}}");
      assert.equal(names.match(/-proxy-[0-9a-f]{8}$/gm)?.length, 1, names);
    });
  }

  /** Connections end, and none comes about for a moment; nothing is answered with an error. */
  const onlyCut = (report: LoadReport): void => {
    const kinds = Object.keys(report.failures);
    assert.ok(
      kinds.every((kind) => /: (refused|reset|short|cut|socket hang up)/.test(kind)),
      JSON.stringify(report),
    );
    assert.ok(Object.values(report.versions).reduce((sum, n) => sum + n, 0) > 0);
  };

  const killing: Readonly<Record<string, string>> = {
    "the proxy": "kill -9 $1",
    // Which the engine does not start again.
    "the proxy's container": "docker kill $(docker ps -q --filter label=slipway.proxy=serving)",
    "the proxy's worker": "kill -9 $(pgrep -P $1)",
  };

  for (const [what, script] of sampled(Object.entries(killing))) {
    test(`${what}: only what that cuts is lost`, async () => {
      const { report } = await site.underLoad([machine], async () => {
        const child = await comesTo(watched);
        const [proxy = ""] = await site.proxies(machine);
        const pid = await site.docker(machine, "inspect", "-f", "{{.State.Pid}}", proxy);
        await site.fleet.machine(machine).exec(["sh", "-c", script, "sh", pid]);
        await child.ended;
        await site.settle();
      });
      onlyCut(report);
      assert.match(await site.ask(machine, "shop.test"), /version=2/);
    });
  }

  test("the engine: what runs goes on, and the next pass ends it", async () => {
    const { faults } = site.fleet.machine(machine);
    const { report } = await site.underLoad([machine], async () => {
      const child = await comesTo(watched);
      await faults.stopDockerd();
      const { outcome } = await child.ended;
      await faults.startDockerd();
      assert.equal(outcome?.outcome, "incomplete", JSON.stringify(outcome));
      await site.settle();
    });
    noFailure(report);
  });

  test("the connection: what runs goes on, and the next pass ends it", async () => {
    const { faults } = site.fleet.machine(machine);
    const { report } = await site.underLoad([machine], async () => {
      const child = await comesTo(watched);
      await faults.stopSshd();
      const { outcome } = await child.ended;
      await faults.startSshd();
      assert.equal(outcome?.outcome, "incomplete", JSON.stringify(outcome));
      await site.settle();
    });
    noFailure(report);
  });

  test("the machine: it comes back as it was", async () => {
    const { faults } = site.fleet.machine(machine);
    await faults.kill();
    await faults.start();
    await until("the app answers by its route", async () =>
      /version=/.test(await site.ask(machine, "shop.test")) ? true : undefined,
    );
    assert.equal((await site.settle()).changes, 0);
  });

  test("a rollout that is stuck makes room for a newer commit", async () => {
    const { report } = await site.underLoad([machine], async () => {
      const following = await follow(site.options);
      try {
        const stuck = await deploy(app("sick"));
        await until("the stuck rollout waits", async () =>
          following.controller.events.some(
            (e) => e.type === "progress" && e.address.includes("/app/shop/container/"),
          )
            ? true
            : undefined,
        );
        const newer = await deploy(app("2"));
        await following.ended(newer, "applied", 30_000);
        assert.ok(
          following.outcomes().every((o) => o.revision !== stuck || o.outcome === "superseded"),
        );
      } finally {
        await following.stop();
      }
    });
    noFailure(report);
    assert.equal(report.versions["sick"], undefined, JSON.stringify(report));
  });
});
