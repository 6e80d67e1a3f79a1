import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startLoad } from "../support/load/load.ts";
import { openSite, type Site } from "../support/site.ts";

describe("the proxy", () => {
  let site: Site;

  const app = (tag: string, more = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: 20s }
routes: [{ host: shop.test, tls: off }]
deploy: { stopTimeout: 5s, drain: 5s, watch: 500ms }
${more}`;

  before(async () => {
    site = await openSite({ machines: ["web-1", "web-2"], isWarm: true }, { "1": {}, "2": {} });
    const settings = `fleet: acme\nproxy: { image: "${await site.proxyImage()}" }\n`;
    await site.commit("Shop", { "slipway.yaml": settings, "apps/shop.yaml": app("1") });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  const target = (machine: string) => ({
    url: "http://shop.test/",
    address: site.fleet.machine(machine).address,
  });

  test("a deploy loses no request", async () => {
    const load = await startLoad([target("web-1"), target("web-2")]);
    await site.commit("Two", { "apps/shop.yaml": app("2") });
    const outcome = await site.settle();
    const report = await load.stop();
    assert.deepEqual(report.failures, {}, JSON.stringify(report));
    assert.ok((report.versions["2"] ?? 0) > 0, JSON.stringify(report));
    assert.match(outcome.text, /requests served during the switch, none failed/);
  });

  test("a number that somebody else has keeps the proxy that is there, and is told", async () => {
    const web = site.fleet.machine("web-1");
    const blocker = "docker run -d --name blocker --network host -e PORT=9099";
    await web.exec(["sh", "-c", `${blocker} ${site.image("1")}`]);
    const load = await startLoad([target("web-1")]);
    await site.commit("Listens", { "apps/shop.yaml": app("2", "listen: 9099\n") });
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete", JSON.stringify(outcome));
    assert.match(outcome.text, /web-1: .*Address already in use.*9099/);
    await web.docker(["rm", "-f", "blocker"]);
    await site.settle();
    assert.deepEqual((await load.stop()).failures, {});
  });
});
