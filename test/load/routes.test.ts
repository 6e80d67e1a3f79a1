import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlacedRoute } from "../../src/model/routes.ts";
import { armoredYaml, documentsOf, repo, type Files } from "./repos.ts";

const fleet: Files = {
  "machines/edge-1.yaml": "address: 10.0.0.21\nlabels: { role: edge }\n",
  "machines/edge-2.yaml": "address: 10.0.0.22\nlabels: { role: edge }\n",
  "machines/web-2.yaml": "address: 10.0.0.12\nlabels: { role: web }\n",
};
const shop = "image: a\nmachines: { role: web }\nport: 8080\n";

async function placed(app: string, settings = ""): Promise<readonly string[]> {
  const files = { ...fleet, "slipway.yaml": `fleet: acme\n${settings}`, "apps/shop.yaml": app };
  const { apps } = await documentsOf(repo(files));
  return (apps.get("shop")?.routes ?? []).map(shown);
}

const shown = ({ host, path, port, on, servedOn, where }: PlacedRoute): string =>
  `${where.line}:${where.col} ${host}${path} ${port?.number ?? "-"} on ${on.join()} of ${servedOn.join()}`;

test("a route stands on its app's machines, where the fleet's do, or where it says", async () => {
  const routes = `${shop}routes: [{ host: a.b }]\n`;
  assert.deepEqual(await placed(routes), ["4:10 a.b/ 8080 on web-1,web-2 of web-1,web-2"]);
  const via = "proxy: { via: { role: edge } }\n";
  assert.deepEqual(await placed(routes, via), ["4:10 a.b/ 8080 on edge-1,edge-2 of web-1,web-2"]);
  const own = `${shop}routes: [{ host: [a.b, c.d], via: edge-1 }]\n`;
  assert.deepEqual(await placed(own, via), [
    "4:10 a.b/ 8080 on edge-1 of web-1,web-2",
    "4:10 c.d/ 8080 on edge-1 of web-1,web-2",
  ]);
});

test("machines on which an app is different have routes of their own", async () => {
  const text = `${shop}routes: [{ host: a.b }, { host: c.d }]\nperMachine:\n  web-2: { routes: [{ host: c.d }] }\n`;
  assert.deepEqual(await placed(text), [
    "4:10 a.b/ 8080 on web-1 of web-1",
    "4:25 c.d/ 8080 on web-1,web-2 of web-1,web-2",
  ]);
});

test("routes merge as all lists do: the upper one replaces", async () => {
  const files = {
    ...fleet,
    "slipway.yaml": "fleet: acme\nproxy: { trust: [10.0.0.0/8], image: haproxy:3.0 }\n",
    "environments/staging/slipway.yaml": "proxy: { image: haproxy:3.2 }\n",
    "apps/shop.yaml": `${shop}routes: [{ host: a.b }, { host: c.d }]\n`,
    "environments/staging/apps/shop.yaml": "routes: [{ host: staging.a.b, tls: off }]\n",
  };
  const { apps, settings } = await documentsOf(repo(files), "staging");
  assert.deepEqual(
    apps.get("shop")?.routes.map(({ host, tls }) => [host, tls]),
    [["staging.a.b", "off"]],
  );
  assert.deepEqual(settings.proxy, { trust: ["10.0.0.0/8"], image: "haproxy:3.2" });
});

test("a certificate of one's own is found among the app's secrets", async () => {
  const tls = "{ cert: TLS_CERT, key: tls/shop.key }";
  const files = {
    "secrets/shop.yaml": armoredYaml("TLS_CERT"),
    "secrets/tls/shop.key.age": "x",
    "apps/shop.yaml": `${shop}routes: [{ host: a.b, tls: ${tls} }]\n`,
  };
  const { apps } = await documentsOf(repo(files));
  const found = [...(apps.get("shop")?.secrets ?? [])].map(([ref, { name }]) => [ref, name]);
  assert.deepEqual(found, [
    ["TLS_CERT", "shop.TLS_CERT"],
    ["tls/shop.key", "tls/shop.key.age"],
  ]);
});
