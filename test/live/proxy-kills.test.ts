import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Hopeless, until } from "../fleet/wait.ts";
import { follow } from "../support/following.ts";
import type { Clients } from "../support/load/crew.ts";
import { killsAt, type Kill } from "../support/kills.ts";
import type { LoadReport } from "../support/load/load.ts";
import { noFailure, openProxiedSite, type ProxiedSite } from "../support/proxied-site.ts";
import { startController } from "../support/processes.ts";
import { moments, type Moment } from "../support/rollout-moments.ts";
import { sampled } from "../support/sampled.ts";

const machine = "web-1";

/** Of what can die at a moment, so much is tried in one run of all tests. */
const oneOf = 75;

describe("what dies during a rollout behind the proxy", () => {
  let site: ProxiedSite;
  let round = 0;

  let listen = 9000;

  const app = (tag: string, deploy = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: 60s }
routes: [{ host: shop.test, tls: off }]
listen: ${listen}
deploy: { stopTimeout: 5s, ${deploy === "" ? "drain: 1s" : deploy} }
env: { ROUND: "${++round}" }
`;

  const deploy = (text: string): Promise<string> =>
    site.commit(`Round ${round}`, { "apps/shop.yaml": text });

  /** A controller that has come so far in a rollout. */
  const comesTo = async ({ name, calls, goesOn, deploy: how, another }: Moment) => {
    if (another === true) listen += 1;
    await deploy(app("2", how));
    const child = startController({ ...site.options, holdAfter: calls.map((c) => c.source) });
    await until(`a controller ${name}`, async () => {
      if (child.process.exitCode !== null) throw new Hopeless((await child.ended).said);
      return child.isHeld() ? true : undefined;
    });
    if (goesOn === true) child.goOn();
    return child;
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

  /** Connections end, or none comes about for a while; nothing is answered with an error. */
  const onlyLost = (report: LoadReport, loses: Kill["loses"]): void => {
    if (loses === undefined) return noFailure(report);
    const ends = "reset|short|cut|socket hang up";
    const pattern = new RegExp(`: (${loses === "cuts" ? ends : `refused|${ends}`})`);
    const kinds = Object.keys(report.failures);
    assert.ok(
      kinds.every((kind) => pattern.test(kind)),
      JSON.stringify(report),
    );
    assert.ok(Object.values(report.versions).reduce((sum, n) => sum + n, 0) > 0);
  };

  const all = moments.flatMap((moment) => killsAt(moment).map((kill) => ({ moment, kill })));
  const few: Clients = { kept: 3, fresh: 1, sockets: 2 };
  for (const { moment, kill } of sampled(all, oneOf)) {
    test(`${kill.name} ${moment.name}: only what that cuts is lost, and the next pass ends it`, async (t) => {
      const { report } = await site.underLoad(
        [machine],
        async () => {
          const controller = await comesTo(moment);
          const mend = await kill.strike({ site, machine, controller });
          controller.goOn();
          const { outcome, said } = await controller.ended;
          await mend?.();
          t.diagnostic(`${outcome?.outcome ?? "killed"} ${outcome?.text ?? ""}`);
          // That something dies is not the app's fault.
          const expected = kill.name === "the controller" ? /^killed$/ : /^(applied|incomplete)$/;
          assert.match(outcome?.outcome ?? "killed", expected, JSON.stringify({ outcome, said }));
          await site.settle();
        },
        few,
      );
      t.diagnostic(JSON.stringify(report.failures));
      onlyLost(report, kill.loses);
      assert.equal((await site.running(machine, "shop")).length, 1);
      const names = await site.docker(machine, "ps", "--format", "{{.Names}}");
      assert.equal(names.match(/-proxy-[0-9a-f]{8}$/gm)?.length, 1, names);
      assert.match(await site.ask(machine, "shop.test"), /version=2/);
    });
  }

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
