import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { ask, heard, type Answered, type Asked } from "../../../support/ask.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";
import { freePorts, startProxy, type Proxy } from "../../../support/running-haproxy.ts";
import { startWebApp, type WebApp } from "../../../support/web-app.ts";

const balancer = "127.0.0.9";

const specOf = (port: number): ProxySpec => ({
  ...emptyProxy,
  trust: [`${balancer}/32`],
  pools: [
    poolOf("shop", { port, local: [{ instance: 1, address: "127.0.0.2" }] }),
    poolOf("shop/api", { port, local: [{ instance: 1, address: "127.0.0.3" }] }),
    poolOf("zip", { port, gzip: true, local: [{ instance: 1, address: "127.0.0.2" }] }),
    poolOf("away", { port, local: [{ instance: 1 }] }),
  ],
  routes: [
    routeOf("shop.test", { pool: "shop" }),
    routeOf("shop.test", { path: "/api", pool: "shop/api", stripPath: true }),
    routeOf("shop.test", { path: "/api/v2", pool: "shop" }),
    routeOf("deep.shop.test", { path: "/only", pool: "shop/api" }),
    routeOf("*.shop.test", { pool: "shop" }),
    routeOf("*.a.shop.test", { path: "/x/", pool: "shop/api" }),
    routeOf("old.test", { redirect: "https://shop.test:8443" }),
    routeOf("secure.test", { pool: "shop", tls: "on" }),
    routeOf("down.test", { pool: "shop", maintenance: true }),
    routeOf("small.test", { pool: "shop", maxBodyBytes: 1_000 }),
    routeOf("medium.test", { pool: "shop", maxBodyBytes: 100_000 }),
    routeOf("rated.test", { pool: "shop", rate: { requests: 3, perMs: 60_000 } }),
    routeOf("rated.test", { path: "/other", pool: "shop", rate: { requests: 3, perMs: 60_000 } }),
    routeOf("zip.test", { pool: "zip", gzip: true }),
    routeOf("quick.test", { pool: "shop", timeoutMs: 300 }),
    routeOf("away.test", { pool: "away" }),
  ],
});

describe("routes", () => {
  let proxy: Proxy;
  let apps: readonly WebApp[];
  before(async () => {
    const [port = 0] = await freePorts(1);
    apps = [await startWebApp("127.0.0.2", port), await startWebApp("127.0.0.3", port)];
    proxy = await startProxy(specOf(port));
  });
  after(async () => {
    await proxy.stop();
    for (const app of apps) await app.stop();
  });

  const get = async (host: string, path = "/", more: Partial<Asked> = {}): Promise<Answered> =>
    await ask({ port: proxy.site.httpPort, host, path, ...more });
  const secure = async (host: string, path = "/", more: Partial<Asked> = {}): Promise<Answered> =>
    await ask({ port: proxy.site.httpsPort, host, path, tls: true, ...more });

  const [shop, api] = ["127.0.0.2", "127.0.0.3"];
  const found: readonly (readonly [host: string, path: string, by: string, url: string])[] = [
    ["shop.test", "/", shop, "/"],
    ["SHOP.test:80", "/x?y=1", shop, "/x?y=1"],
    ["shop.test.", "/", shop, "/"],
    ["shop.test", "/api", api, "/"],
    ["shop.test", "/api/", api, "/"],
    ["shop.test", "/api/a%20b//c?d=/e", api, "/a%20b//c?d=/e"],
    ["shop.test", "/api?x", api, "/?x"],
    ["shop.test", "/apis", shop, "/apis"],
    ["shop.test", "/api/v2/x", shop, "/api/v2/x"],
    ["deep.shop.test", "/only/this", api, "/only/this"],
    ["deep.shop.test", "/else", shop, "/else"],
    ["b.shop.test", "/x", shop, "/x"],
    ["b.a.shop.test", "/x/y", api, "/x/y"],
    ["b.a.shop.test", "/y", shop, "/y"],
    ["e.d.c.b.a.shop.test", "/", shop, "/"],
    ["rated.test", "/", shop, "/"],
  ];
  for (const [host, path, by, url] of found) {
    it(`hand ${host}${path} to ${by} as ${url}`, async () => {
      const said = heard(await get(host, path));
      assert.deepEqual([said.by, said.url], [by, url]);
    });
  }

  for (const host of ["test", "xshop.test", "shop.test.org", "", "*.shop"]) {
    it(`have nothing at '${host}'`, async () => {
      const { status, body, headers } = await get(host);
      assert.deepEqual([status, headers["server"]], [404, undefined]);
      assert.match(body, /nothing at this address/);
    });
  }

  const moved: readonly (readonly [string, string, string, number, string])[] = [
    ["GET", "old.test", "/a/b?c=d", 301, "https://shop.test:8443/a/b?c=d"],
    ["HEAD", "old.test", "/", 301, "https://shop.test:8443/"],
    ["POST", "old.test", "/", 308, "https://shop.test:8443/"],
    ["GET", "secure.test", "/a?b", 301, "https://secure.test/a?b"],
    ["PUT", "secure.test", "/a?b", 308, "https://secure.test/a?b"],
  ];
  for (const [method, host, path, status, location] of moved) {
    it(`send ${method} ${host}${path} to ${location}`, async () => {
      const said = await get(host, path, { method });
      assert.deepEqual([said.status, said.headers.location], [status, location]);
    });
  }

  it("serve by TLS, and believe a balancer that it was spoken", async () => {
    assert.equal(heard(await secure("secure.test")).headers["x-forwarded-proto"], "https");
    assert.equal(heard(await secure("shop.test")).headers["x-forwarded-proto"], "https");
    const headers = { "x-forwarded-proto": "https" };
    assert.equal((await get("secure.test", "/", { headers })).status, 301);
    assert.equal((await get("secure.test", "/", { headers, from: balancer })).status, 200);
  });

  it("say who asks, whatever a client says", async () => {
    const headers = {
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-host": "evil.test",
      "x-forwarded-port": "1",
      "x-forwarded-proto": "https",
      "x-real-ip": "1.2.3.4",
      "x-slipway-pool": "zip",
      forwarded: "for=1.2.3.4",
    };
    const said = heard(await get("shop.test", "/api/x", { headers, from: "127.0.0.7" })).headers;
    assert.deepEqual(said, {
      host: "shop.test",
      "x-forwarded-for": "127.0.0.7",
      "x-forwarded-host": "shop.test",
      "x-forwarded-prefix": "/api",
      "x-forwarded-proto": "http",
      "x-slipway-pool": "shop/api",
    });
  });

  it("hand on what a balancer says", async () => {
    const headers = { "x-forwarded-for": "1.2.3.4", "x-forwarded-host": "public.test" };
    const said = heard(await get("shop.test", "/", { headers, from: balancer })).headers;
    assert.equal(said["x-forwarded-for"], `1.2.3.4, ${balancer}`);
    assert.equal(said["x-forwarded-host"], "public.test");
  });

  it("answer challenges, and nothing else below them", async () => {
    const path = "/.well-known/acme-challenge/to-ken_1";
    assert.equal((await get("secure.test", path)).status, 404);
    await proxy.say(`add map ${proxy.site.etc}/acme.map to-ken_1 to-ken_1.thumb`);
    const said = await get("unknown.test", path);
    assert.deepEqual([said.status, said.body], [200, "to-ken_1.thumb"]);
    assert.equal((await get("secure.test", path)).body, "to-ken_1.thumb");
  });

  it("say that something is being worked on", async () => {
    const { status, headers, body } = await get("down.test");
    assert.deepEqual([status, headers["retry-after"]], [503, "120"]);
    assert.match(body, /Under maintenance/);
    assert.equal((await get("down.test", "/", { method: "HEAD" })).body, "");
  });

  const bodies: readonly (readonly [string, number, sized: boolean, status: number])[] = [
    ["small.test", 1_000, true, 200],
    ["small.test", 1_001, true, 413],
    ["small.test", 1_000, false, 200],
    ["small.test", 1_001, false, 413],
    ["small.test", 50_000, false, 413],
    ["medium.test", 100_000, true, 200],
    ["medium.test", 100_001, true, 413],
    ["medium.test", 2_000, false, 200],
    ["medium.test", 60_000, false, 411],
    ["shop.test", 300_000, false, 200],
  ];
  for (const [host, bytes, sized, status] of bodies) {
    it(`answer ${status} to ${bytes} ${sized ? "" : "chunked "}bytes for ${host}`, async () => {
      const headers = sized ? { "content-length": String(bytes) } : undefined;
      const said = await get(host, "/", {
        method: "POST",
        body: "x".repeat(bytes),
        ...(headers === undefined ? {} : { headers }),
      });
      assert.equal(said.status, status);
      if (status === 200) assert.equal(heard(said).bytes, bytes);
    });
  }

  it("count requests of each address for each route", async () => {
    const from = "127.0.0.8";
    const statuses = async (path: string, more: Partial<Asked>): Promise<readonly number[]> => {
      const all: number[] = [];
      for (let i = 0; i < 4; i++) all.push((await get("rated.test", path, more)).status);
      return all;
    };
    assert.deepEqual(await statuses("/", { from }), [200, 200, 200, 429]);
    assert.deepEqual(await statuses("/other", { from }), [200, 200, 200, 429]);
    assert.equal((await get("rated.test", "/", { from })).headers["retry-after"], "60");
    assert.equal((await get("rated.test", "/", { from: "127.0.0.10" })).status, 200);
    const headers = { "x-forwarded-for": "9.9.9.9, 2.2.2.2" };
    const by = { from: balancer, headers };
    assert.deepEqual(await statuses("/", by), [200, 200, 200, 429]);
    const other = { "x-forwarded-for": "9.9.9.9, 2.2.2.3" };
    assert.equal((await get("rated.test", "/", { from: balancer, headers: other })).status, 200);
  });

  it("compress where it is wanted", async () => {
    const headers = { "accept-encoding": "gzip" };
    const said = await get("zip.test", "/text", { headers });
    assert.equal(said.headers["content-encoding"], "gzip");
    assert.ok(said.body.length < 1_000);
    assert.equal(
      (await get("shop.test", "/text", { headers })).headers["content-encoding"],
      undefined,
    );
  });

  it("wait as long as they say", async () => {
    assert.equal((await get("quick.test", "/pause/600")).status, 504);
    assert.equal((await get("shop.test", "/pause/600")).body, "late");
    const headers = { accept: "text/event-stream" };
    const events = await get("quick.test", "/events/600", { headers });
    assert.equal(events.body, "data: first\n\ndata: last\n\n");
  });

  it("have pages for what goes wrong", async () => {
    const away = await get("away.test");
    assert.deepEqual(
      [away.status, away.headers["content-type"]],
      [503, "text/html; charset=utf-8"],
    );
    const died = await get("shop.test", "/die", { method: "POST", body: "" });
    assert.equal(died.status, 502);
    for (const said of [away, died]) {
      assert.equal(said.headers["server"], undefined);
      assert.doesNotMatch(said.body, /haproxy/i);
    }
  });
});
