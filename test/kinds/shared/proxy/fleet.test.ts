import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { until } from "../../../fleet/wait.ts";
import { ask, heard, type Answered, type Asked } from "../../../support/ask.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";
import { freePorts, startProxy, type Proxy } from "../../../support/running-haproxy.ts";
import { startWebApp, type WebApp } from "../../../support/web-app.ts";

/** Other machines' proxies come from here; containers of the fleet from elsewhere. */
const peer = "127.0.0.1";
const container = "127.0.0.7";

describe("what listens for the fleet", () => {
  let inner: Proxy;
  let edge: Proxy;
  let apps: readonly WebApp[];
  let listen = 0;
  let tcp = 0;
  before(async () => {
    const [port = 0, ...more] = await freePorts(3);
    [listen = 0, tcp = 0] = more;
    apps = [await startWebApp("127.0.0.2", port), await startWebApp("127.0.0.3", port)];
    inner = await startProxy(innerSpec(port, listen, tcp));
    edge = await startProxy(edgeSpec(port, listen));
  });
  after(async () => {
    await edge.stop();
    await inner.stop();
    for (const app of apps) await app.stop();
  });

  const get = async (host: string, more: Partial<Asked> = {}): Promise<Answered> =>
    await ask({ port: listen, host, from: container, ...more });
  const outside = async (host: string, path = "/"): Promise<Answered> =>
    await ask({ port: edge.site.httpPort, host, path, from: container });

  const named: readonly (readonly [host: string, by: string])[] = [
    ["shop", "127.0.0.2"],
    ["SHOP:8080", "127.0.0.2"],
    ["blog.web-1", "127.0.0.3"],
    ["blog", "127.0.0.3"],
    ["10.0.0.11:8080", "127.0.0.2"],
  ];
  for (const [host, by] of named) {
    it(`answers ${host} with ${by}`, async () => {
      assert.equal(heard(await get(host)).by, by);
    });
  }

  it("passes TCP on as it is", async () => {
    assert.equal(heard(await ask({ port: tcp, host: "any" })).by, "127.0.0.3");
  });

  it("believes other machines, but no container", async () => {
    const headers = {
      "x-slipway-pool": "blog",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-proto": "https",
    };
    const believed = heard(await get("shop", { headers, from: peer }));
    assert.equal(believed.by, "127.0.0.3");
    assert.equal(believed.headers["x-forwarded-for"], "1.2.3.4");
    assert.equal(believed.headers["x-forwarded-proto"], "https");
    const other = heard(await get("shop", { headers }));
    assert.equal(other.by, "127.0.0.2");
    assert.equal(other.headers["x-forwarded-for"], container);
    assert.equal(other.headers["x-forwarded-proto"], "http");
  });

  it("answers for no other pool than the one that a machine asks for", async () => {
    const headers = { "x-slipway-pool": "gone" };
    assert.equal((await get("shop", { headers, from: peer })).status, 503);
  });

  it("says to other machines whether anybody serves", async () => {
    const probe = async (pool: string): Promise<number> => {
      const headers = { "x-slipway-pool": pool };
      return (await get("x", { path: "/.well-known/slipway/up", headers, from: peer })).status;
    };
    assert.deepEqual(
      [await probe("shop"), await probe("blog"), await probe("away")],
      [200, 200, 503],
    );
  });

  it("has what the proxies of other machines hand on", async () => {
    await until("the edge sees both", async () => {
      const statuses = [await outside("shop.test"), await outside("shop.test", "/blog")];
      return statuses.every(({ status }) => status === 200) || undefined;
    });
    const shop = heard(await outside("shop.test", "/x"));
    assert.deepEqual([shop.by, shop.url], ["127.0.0.2", "/x"]);
    assert.equal(shop.headers["x-forwarded-for"], container);
    assert.equal(shop.headers["host"], "shop.test");
    const blog = heard(await outside("shop.test", "/blog/x"));
    assert.deepEqual([blog.by, blog.url], ["127.0.0.3", "/x"]);
    assert.equal((await outside("away.test")).status, 503);
  });
});

const innerSpec = (port: number, listen: number, tcp: number): ProxySpec => ({
  ...emptyProxy,
  peers: [peer],
  listens: [
    {
      port: listen,
      addresses: ["127.0.0.1"],
      protocol: "http",
      pools: [
        { pool: "shop", names: ["shop"] },
        { pool: "blog", names: ["blog", "blog.web-1"] },
        { pool: "away", names: ["away"] },
      ],
    },
    { port: tcp, addresses: ["127.0.0.1"], protocol: "tcp", pools: [{ pool: "db", names: [] }] },
  ],
  pools: [
    poolOf("shop", {
      port,
      local: [{ instance: 1, address: "127.0.0.2" }],
      check: { path: "/up/shop", intervalMs: 200, timeoutMs: 1_000 },
    }),
    poolOf("blog", { port, local: [{ instance: 1, address: "127.0.0.3" }] }),
    poolOf("db", { port, protocol: "tcp", local: [{ instance: 1, address: "127.0.0.3" }] }),
    poolOf("away", { port, local: [{ instance: 1 }] }),
  ],
});

const edgeSpec = (port: number, listen: number): ProxySpec => {
  const at = (name: string): ReturnType<typeof poolOf> =>
    poolOf(name, {
      port,
      local: [],
      remote: [
        { machine: "web-1", address: "127.0.0.1", port: listen },
        { machine: "web-2", address: "127.0.0.1", port: 1 },
      ],
    });
  return {
    ...emptyProxy,
    pools: [at("shop"), at("blog"), at("away")],
    routes: [
      routeOf("shop.test", { pool: "shop" }),
      routeOf("shop.test", { path: "/blog", pool: "blog", stripPath: true }),
      routeOf("away.test", { pool: "away" }),
    ],
  };
};
