import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  layoutFor,
  sameLayout,
  usualCheck,
  type Layout,
} from "../../../../src/kinds/shared/proxy/layout.ts";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { anyProxy, emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";

const shop: ProxySpec = {
  ...emptyProxy,
  pools: [poolOf("shop")],
  routes: [routeOf("shop.example.com", { pool: "shop" })],
};
const fresh = layoutFor(shop, undefined);

const backendOf = (layout: Layout, pool: string): string | undefined =>
  layout.backends.find((one) => one.pool === pool)?.name;

describe("a layout", () => {
  it("calls backends like their pools, and has spares", () => {
    const layout = layoutFor({ ...shop, pools: [poolOf("shop"), poolOf("shop/api")] }, undefined);
    assert.equal(backendOf(layout, "shop"), "shop");
    assert.equal(backendOf(layout, "shop/api"), "shop:api");
    const spare = layout.backends.filter(({ pool }) => pool === undefined);
    assert.equal(spare.length, 12);
    assert.deepEqual(layoutFor(emptyProxy, undefined).backends, []);
  });

  it("leaves room for more instances and machines", () => {
    const rooms = [1, 2, 3, 4].map((count) => {
      const local = Array.from({ length: count }, (_, i) => ({ instance: i + 1 }));
      const layout = layoutFor({ ...shop, pools: [poolOf("shop", { local })] }, undefined);
      return layout.backends.find(({ name }) => name === "shop")?.locals;
    });
    assert.deepEqual(rooms, [2, 4, 4, 8]);
  });

  const fits: readonly (readonly [string, ProxySpec, expected: string | undefined])[] = [
    ["another address", { ...shop, pools: [poolOf("shop", { local: [] })] }, "shop"],
    ["a second instance", { ...shop, pools: [withInstances(2)] }, "shop"],
    [
      "more instances than its slots, if a spare has them",
      { ...shop, pools: [withInstances(4)] },
      "spare.connect.1",
    ],
    ["more than any has", { ...shop, pools: [withInstances(5)] }, undefined],
    [
      "another check",
      {
        ...shop,
        pools: [poolOf("shop", { check: { path: "/up", ...usualCheck } })],
      },
      "spare.path.1",
    ],
    [
      "a check that no spare has",
      {
        ...shop,
        pools: [poolOf("shop", { check: { path: "/up", intervalMs: 3000, timeoutMs: 5000 } })],
      },
      undefined,
    ],
    ["compression", { ...shop, pools: [poolOf("shop", { gzip: true })] }, "spare.connect.gzip.1"],
    ["stickiness", { ...shop, pools: [poolOf("shop", { sticky: true })] }, "shop"],
    [
      "TLS where there was none",
      { ...shop, routes: [routeOf("shop.example.com", { pool: "shop", tls: "on" })] },
      undefined,
    ],
    [
      "another port to listen at",
      { ...shop, listens: [{ port: 8080, addresses: ["127.0.0.1"], protocol: "http", pools: [] }] },
      undefined,
    ],
    ["a rate in a usual period", rated(60_000), "shop"],
    ["a rate in a period of its own", rated(61_000), undefined],
  ];
  for (const [what, spec, backend] of fits) {
    it(`${backend === undefined ? "has to be another for" : `takes ${backend} for`} ${what}`, () => {
      const next = layoutFor(spec, fresh);
      assert.equal(sameLayout(next, fresh), backend !== undefined);
      if (backend !== undefined) assert.equal(backendOf(next, "shop"), backend);
      else assert.deepEqual(next, layoutFor(spec, undefined));
    });
  }

  it("gives a new pool a spare, and takes it back", () => {
    const both = { ...shop, pools: [poolOf("shop"), poolOf("blog")] };
    const next = layoutFor(both, fresh);
    assert.equal(backendOf(next, "blog"), "spare.connect.1");
    assert.deepEqual(layoutFor(shop, next), fresh);
  });

  it("gives nobody at once what another had", () => {
    const blogs = { ...emptyProxy, routes: shop.routes, pools: [poolOf("blog")] };
    const next = layoutFor(blogs, fresh);
    assert.equal(backendOf(next, "blog"), "spare.connect.1");
    assert.equal(backendOf(layoutFor(shop, next), "shop"), "shop");
  });

  it("is another when a newer version renders it otherwise", () => {
    assert.deepEqual(layoutFor(shop, { ...fresh, version: 0 }), fresh);
  });
});

describe("any layout", () => {
  it("fits the spec that it was made for, and is found again", () => {
    fc.assert(
      fc.property(anyProxy, anyProxy, (spec, former) => {
        const layout = layoutFor(spec, layoutFor(former, undefined));
        assert.deepEqual(layoutFor(spec, layout), layout);
        for (const { name } of spec.pools) assert.notEqual(backendOf(layout, name), undefined);
      }),
    );
  });

  it("does not depend on an order", () => {
    fc.assert(
      fc.property(anyProxy, anyProxy, (spec, former) => {
        const found = layoutFor(former, undefined);
        const reversed = {
          ...spec,
          pools: spec.pools.toReversed(),
          routes: spec.routes.toReversed(),
          listens: spec.listens.toReversed(),
        };
        assert.deepEqual(layoutFor(reversed, found), layoutFor(spec, found));
      }),
    );
  });

  it("takes its own spec back after each that fitted", () => {
    fc.assert(
      fc.property(anyProxy, fc.array(anyProxy, { maxLength: 4 }), (spec, others) => {
        const first = layoutFor(spec, undefined);
        const pools = others.map((other) => ({ ...spec, pools: other.pools.slice(0, 2) }));
        for (const other of pools) {
          const next = layoutFor(other, first);
          if (!sameLayout(next, first)) continue;
          assert.ok(sameLayout(layoutFor(spec, next), first));
        }
      }),
    );
  });
});

function withInstances(count: number): ReturnType<typeof poolOf> {
  return poolOf("shop", {
    local: Array.from({ length: count }, (_, i) => ({ instance: i + 1 })),
  });
}

function rated(perMs: number): ProxySpec {
  const rate = { requests: 5, perMs };
  return { ...shop, routes: [routeOf("shop.example.com", { pool: "shop", rate })] };
}
