import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { machineFile, type Files } from "../support/infra.ts";
import { noFailure, openProxiedSite, type ProxiedSite } from "../support/proxied-site.ts";

describe("behind an edge", () => {
  let site: ProxiedSite;

  const app = (tag: string, machine: string): string => `
image: ${site.image(tag)}
machines: ${machine}
port: 8080
health: { http: /up, interval: 50ms, deadline: ${tag === "sick" ? "1s" : "20s"} }
routes: [{ host: shop.test, tls: off }]
deploy: { stopTimeout: 5s, drain: 2s, watch: 300ms }
`;

  /** Commits while clients ask the edge, and waits for the outcome. */
  const move = async (
    message: string,
    work: () => Promise<string>,
    wanted: "applied" | "reverted" = "applied",
  ) => {
    const { done: outcome, report } = await site.underLoad(["edge"], async () => {
      await work();
      return await site.settle(wanted);
    });
    noFailure(report, outcome);
    assert.ok(report.requests > 100, `${message}: ${JSON.stringify(report)}`);
    return { outcome, report };
  };

  const commit = (message: string, tag: string, machine: string) => async (): Promise<string> =>
    await site.commit(message, { "apps/shop.yaml": app(tag, machine) });

  /** It has its number there with the other one, so that no proxy comes and goes with it. */
  const neighbour = (machines = "[web-1, web-2]"): string => `
image: ${site.image("1")}
machines: ${machines}
port: 8080
protocol: http
health: { http: /up, interval: 50ms, deadline: 20s }
deploy: { watch: 0s }
`;

  const servesOn = async (machine: string, other: string): Promise<void> => {
    assert.equal((await site.running(machine, "shop")).length, 1);
    assert.deepEqual(await site.running(other, "shop"), []);
  };

  before(async () => {
    site = await openProxiedSite(["edge", "web-1", "web-2"], {
      "1": {},
      sick: { env: { FAIL: "health" } },
    });
    const proxy = `{ image: "${await site.proxyImage()}", via: edge }`;
    await site.commit("Shop", {
      "slipway.yaml": `fleet: acme\nproxy: ${proxy}\n`,
      "apps/near.yaml": neighbour(),
      "apps/shop.yaml": app("1", "web-1"),
    });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("an app that moves is asked where it was until it works where it is to be", async () => {
    await move("Moves", commit("Moves", "1", "web-2"));
    await servesOn("web-2", "web-1");
  });

  test("a version that never works where it is to be gets no request", async () => {
    const { outcome, report } = await move("Sick", commit("Sick", "sick", "web-1"), "reverted");
    assert.deepEqual(Object.keys(report.versions), ["1"]);
    assert.match(outcome.text, /^app\/shop still at [0-9a-f]{8}: not healthy/);
    await servesOn("web-1", "web-2");
  });

  test("git revert moves it back", async () => {
    await move("Back", () => site.infra.revert("HEAD"));
    await servesOn("web-2", "web-1");
  });

  const withoutSecond = (): Files => ({
    "apps/near.yaml": neighbour("web-1"),
    "apps/shop.yaml": app("1", "web-1"),
    "machines/web-2.yaml": undefined,
  });

  test("it may leave with the file of its machine, which is left as it is", async () => {
    await move("Gone", () => site.commit("Gone", withoutSecond()));
    assert.equal((await site.running("web-1", "shop")).length, 1);
    assert.equal((await site.running("web-2", "shop")).length, 1);
  });

  test("or is emptied once nobody asks there any more", async () => {
    await move("Back", () =>
      site.commit("Back", {
        "apps/shop.yaml": app("1", "web-2"),
        "machines/web-2.yaml": machineFile(site.fleet, "web-2"),
      }),
    );
    await servesOn("web-2", "web-1");
    const allow = "Slipway-Allow: delete machine/web-2";
    await move("Emptied", () => site.commit(`Emptied\n\n${allow}`, withoutSecond()));
    assert.equal((await site.running("web-1", "shop")).length, 1);
    assert.deepEqual(await site.containers("web-2"), []);
  });
});
