import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { proxyFields, proxyText } from "../../../../src/kinds/machine/proxy/differences.ts";
import { wantedOf } from "../../../../src/kinds/machine/proxy/wanted.ts";
import type { ProxyRoute } from "../../../../src/kinds/shared/proxy/spec.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";

/** What is said of it, and of one that runs with other routes. */
function said(declared: readonly ProxyRoute[], live: readonly ProxyRoute[]) {
  const spec = (routes: readonly ProxyRoute[]) =>
    wantedOf({ ...emptyProxy, routes, pools: [poolOf("shop")] }, undefined);
  const maps = Object.entries(spec(live).maps).map(([name, entries]) => [
    name,
    Object.fromEntries(entries),
  ]);
  const runtime = { servers: [], maps: Object.fromEntries(maps), certificates: [] };
  const [wanted, have] = [spec(declared), { files: {}, runtime }];
  return { text: proxyText(wanted, have), fields: proxyFields(wanted, have) };
}

describe("what a proxy is to do otherwise", () => {
  const old = routeOf("shop.test", { pool: "shop" });

  it("is told by the hosts that come and go", () => {
    const www = routeOf("www.test", { redirect: "https://shop.test" });
    assert.deepEqual(said([www], [{ ...old, path: "/old" }]), {
      text: "www.test comes; shop.test/old goes",
      fields: [
        { path: "routes.shop.test/old/", live: "shop" },
        { path: "redirects.www.test/", declared: "https://shop.test" },
      ],
    });
  });

  it("is told by what else differs", () => {
    assert.deepEqual(said([{ ...old, maintenance: true }], [old]), {
      text: "other maintenance",
      fields: [{ path: "maintenance.shop.test/", declared: "on" }],
    });
  });

  it("is told by files where no proxy runs", () => {
    const wanted = wantedOf(emptyProxy, undefined);
    const some = { ...wanted, changed: ["hosts.map", "tls.map"] };
    const have = { files: { "hosts.map": "1".repeat(64) } };
    assert.equal(proxyText(some, have), "hosts.map and tls.map are not as declared");
    assert.deepEqual(
      proxyFields(some, have).map(({ path, live }) => [path, live]),
      [
        ["hosts.map", "other lines"],
        ["tls.map", undefined],
      ],
    );
  });
});
