import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fixedText, renderConfig } from "../../../../src/kinds/shared/proxy/config.ts";
import { layoutFor, sameLayout } from "../../../../src/kinds/shared/proxy/layout.ts";
import {
  mapEntries,
  mapNames,
  parseMap,
  renderMaps,
} from "../../../../src/kinds/shared/proxy/maps.ts";
import { placeMembers } from "../../../../src/kinds/shared/proxy/slots.ts";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { Unreadable } from "../../../../src/model/live.ts";
import { anyProxy, emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";

const spec: ProxySpec = {
  ...emptyProxy,
  routes: [
    routeOf("shop.example.com", {
      path: "/api",
      pool: "shop/api",
      tls: "on",
      stripPath: true,
      maintenance: true,
      sticky: true,
      maxBodyBytes: 1024,
      timeoutMs: 5000,
      rate: { requests: 10, perMs: 60_000 },
    }),
    routeOf("shop.example.com", { pool: "shop" }),
    routeOf("www.example.com", { redirect: "https://shop.example.com/" }),
  ],
  listens: [
    {
      port: 8080,
      addresses: ["10.0.0.11"],
      protocol: "http",
      pools: [
        { pool: "shop", names: ["shop", "shop-1"] },
        { pool: "shop/api", names: ["api"] },
      ],
    },
    { port: 5432, addresses: ["10.0.0.11"], protocol: "tcp", pools: [{ pool: "db", names: [] }] },
  ],
  pools: [
    poolOf("db", { protocol: "tcp" }),
    poolOf("shop"),
    poolOf("shop/api", {
      sticky: true,
      check: { path: "/up", intervalMs: 1000, timeoutMs: 1000 },
    }),
  ],
  trust: ["10.0.0.0/8"],
  peers: ["10.0.0.12"],
};

function entriesFor(one: ProxySpec) {
  const layout = layoutFor(one, undefined);
  return mapEntries(one, layout, placeMembers(one, layout));
}

describe("the maps", () => {
  it("say what is looked up", () => {
    assert.deepEqual(renderMaps(entriesFor(spec)), {
      "acme.map": "",
      "bodies.map": "shop.example.com/api/ 1024\n",
      "check-hosts.map": "shop:api.local shop.example.com\n",
      "check-paths.map": "shop:api.local/i1a /up\n",
      "hosts.map":
        "shop.example.com/ shop.example.com/\nshop.example.com/api/ shop.example.com/api/\nwww.example.com/ www.example.com/\n",
      "maintenance.map": "shop.example.com/api/ on\n",
      "names.map":
        "5432 db\n5432=db db\n8080 shop\n8080/api shop/api\n8080/shop shop\n8080/shop-1 shop\n8080=shop shop\n8080=shop/api shop/api\n",
      "owners.map": "shop shop\nshop:api shop/api\n",
      "peers.map": "10.0.0.12 peer\n",
      "pools.map":
        "db~ db.local\nshop shop\nshop/api shop:api\nshop/api~ shop:api.local\nshop~ shop.local\n",
      "rates.map": "shop.example.com/api/ 10/60000\n",
      "redirects.map": "www.example.com/ https://shop.example.com\n",
      "routes.map": "shop.example.com/ shop\nshop.example.com/api/ shop/api\n",
      "sticky.map": "=shop/api on\nshop.example.com/api/ on\n",
      "strips.map": "shop.example.com/api/ /api\n",
      "timeouts.map": "shop.example.com/api/ 5000\n",
      "tls.map": "shop.example.com/api/ on\n",
      "trust.map": "10.0.0.0/8 trusted\n",
    });
  });

  it("are read as they were written", () => {
    fc.assert(
      fc.property(anyProxy, (one) => {
        const entries = entriesFor(one);
        const texts = renderMaps(entries);
        for (const name of mapNames)
          assert.deepEqual(parseMap(texts[name] ?? ""), new Map(entries[name]));
      }),
    );
  });

  it("have no other words than keys and values", () => {
    assert.deepEqual([...parseMap("# a note\n\nkey  some value \n")], [["key", "some value"]]);
    assert.throws(() => parseMap("key\n"), Unreadable);
  });

  it("and servers are all that differs while the layout stays", () => {
    fc.assert(
      fc.property(anyProxy, anyProxy, (first, other) => {
        const layout = layoutFor(first, undefined);
        const second = { ...first, pools: other.pools.slice(0, 1), routes: other.routes };
        const next = layoutFor(second, layout);
        if (!sameLayout(layout, next)) return;
        const [a, b] = [renderConfig(first, layout), renderConfig(second, next)].map(fixedText);
        assert.equal(a, b);
      }),
    );
  });
});
