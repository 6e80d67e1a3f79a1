import assert from "node:assert/strict";
import { test } from "node:test";
import { isHostOf, routesOf } from "../../src/model/routes.ts";

const plain = { stripPath: false, maintenance: false, gzip: false, sticky: false };

test("a route for each host, with what it leaves out", () => {
  const port = { http: 3000, admin: 3001 };
  const tls = { cert: "TLS_CERT", key: "TLS_KEY" };
  const routes = [
    { host: ["Shop.example.com", "shop.example.com", "*.example.com"] },
    { host: "a", path: "/api/", port: "admin", tls, via: "edge", stripPath: true },
    { host: "b", redirect: "https://a/", tls: "off" },
    { host: "c", port: "nothing", maxBody: "1m", timeout: "5s", rate: { requests: 1, per: "1s" } },
  ];
  const http = { name: "http", number: 3000 };
  const admin = { name: "admin", number: 3001 };
  assert.deepEqual(routesOf({ port, routes }), [
    { host: "shop.example.com", path: "/", port: http, tls: "auto", ...plain },
    { host: "*.example.com", path: "/", port: http, tls: "auto", ...plain },
    { host: "a", path: "/api", port: admin, tls, ...plain, stripPath: true },
    { host: "b", path: "/", redirect: "https://a", tls: "off", ...plain },
    {
      host: "c",
      path: "/",
      tls: "auto",
      ...plain,
      maxBody: "1m",
      timeout: "5s",
      rate: { requests: 1, per: "1s" },
    },
  ]);
  assert.deepEqual(routesOf({ port: 80 }), []);
});

test("hosts that a route is for", () => {
  const cases: readonly (readonly [host: string, route: string, boolean])[] = [
    ["example.com", "example.com", true],
    ["www.example.com", "example.com", false],
    ["www.example.com", "*.example.com", true],
    ["a.b.example.com", "*.example.com", true],
    ["example.com", "*.example.com", false],
    [".example.com", "*.example.com", false],
    ["wwwexample.com", "*.example.com", false],
  ];
  for (const [host, route, expected] of cases)
    assert.equal(isHostOf(host, route), expected, `${host} ${route}`);
});
