import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../fleet/wait.ts";
import { startLoad } from "../support/load/load.ts";
import { openSite, type Site } from "../support/site.ts";

describe("the proxy", () => {
  let site: Site;

  const usual = "port: 8080\nhealth: { http: /up, interval: 50ms, deadline: 20s }";
  const app = (tag: string, more = "", asked = usual): string => `
image: ${site.image(tag)}
machines: all
${asked}
routes: [{ host: shop.test, tls: off }]
deploy: { stopTimeout: 5s, drain: 5s, watch: 500ms }
${more}`;

  const settings = (image: string): string => `fleet: acme\nproxy: { image: "${image}" }\n`;
  /** Of all containers of proxies on a machine. */
  const proxiesOn = async (machine: string, format: string): Promise<readonly string[]> => {
    const argv = ["ps", "-a", "--no-trunc", "--filter", "label=slipway.proxy", "--format", format];
    return (await site.fleet.machine(machine).docker(argv)).trim().split("\n");
  };

  before(async () => {
    site = await openSite({ machines: ["web-1", "web-2"], isWarm: true }, { "1": {}, "2": {} });
    const image = await site.proxyImage();
    await site.commit("Shop", { "slipway.yaml": settings(image), "apps/shop/app.yaml": app("1") });
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
    await site.commit("Two", { "apps/shop/app.yaml": app("2") });
    const outcome = await site.settle();
    const report = await load.stop();
    assert.deepEqual(report.failures, {}, JSON.stringify(report));
    assert.ok((report.versions["2"] ?? 0) > 0, JSON.stringify(report));
    assert.match(outcome.text, /requests served during the switch, none failed/);
  });

  test("a deploy that changes where its health is asked for, or its port, loses no request", async () => {
    const interval = "interval: 50ms, deadline: 20s";
    const ready = `files: { /srv/ready: ready }\nhealth: { http: "/file?path=/srv/ready", ${interval} }`;
    const ways = [
      `port: 8080\n${ready}`,
      `port: 9090\nenv: { PORT: "9090" }\nhealth: { http: /up, ${interval} }`,
      `port: 8080\nhealth: { tcp: true, ${interval} }`,
      `port: 8080\n${ready}`,
      usual,
    ];
    const load = await startLoad([target("web-1"), target("web-2")]);
    for (const [i, asked] of ways.entries()) {
      const files = { "apps/shop/app.yaml": app("2", "", asked), "apps/shop/ready": "yes" };
      await site.commit(`Asked otherwise ${i}`, files);
      await site.settle();
    }
    assert.deepEqual((await load.stop()).failures, {});
  });

  test("a number that somebody else has keeps the proxy that is there, and is told", async () => {
    const web = site.fleet.machine("web-1");
    const blocker = "docker run -d --name blocker --network host -e PORT=9099";
    await web.exec(["sh", "-c", `${blocker} ${site.image("1")}`]);
    const load = await startLoad([target("web-1")]);
    await site.commit("Listens", { "apps/shop/app.yaml": app("2", "listen: 9099\n") });
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete", JSON.stringify(outcome));
    assert.match(outcome.text, /web-1: .*Address already in use.*9099/);
    await web.docker(["rm", "-f", "blocker"]);
    await site.settle();
    assert.deepEqual((await load.stop()).failures, {});
  });

  test("one that has left is gone, or goes with the next pass after its last connection", async () => {
    for (const machine of ["web-1", "web-2"])
      await until(`nothing is left on ${machine}`, async () => {
        await site.settle();
        const proxies = await proxiesOn(machine, "{{.State}}");
        return proxies.join() === "running" ? true : undefined;
      });
  });

  test("a name of its image means on all machines what it meant first", async () => {
    const { images } = site.fleet;
    const [first = ""] = await proxiesOn("web-1", "{{.Image}}");
    assert.match(first, /haproxy@sha256:/);
    const moved = await images?.pushProxy({ version: "moved" });
    assert.notEqual(moved?.byDigest, first);
    await site.settle();
    const web = site.fleet.machine("web-2");
    const [id = ""] = await proxiesOn("web-2", "{{.ID}}");
    await web.docker(["rm", "-f", id]);
    await web.docker(["rmi", first]);
    await web.exec(["rm", "-r", "/var/lib/slipway/acme/proxy"]);
    await site.settle();
    assert.deepEqual(await proxiesOn("web-2", "{{.Image}}"), [first]);
    const next = await images?.pushProxy({ tag: "next", version: "moved" });
    await site.commit("Next", { "slipway.yaml": settings(next?.reference ?? "") });
    await site.settle();
    for (const machine of ["web-1", "web-2"])
      assert.ok((await proxiesOn(machine, "{{.Image}}")).includes(moved?.byDigest ?? ""));
  });
});
