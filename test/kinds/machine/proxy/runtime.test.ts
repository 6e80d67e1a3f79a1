import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { layoutFor, sameLayout } from "../../../../src/kinds/shared/proxy/layout.ts";
import { mapEntries } from "../../../../src/kinds/shared/proxy/maps.ts";
import { newHosts, runtimeCommands } from "../../../../src/kinds/machine/proxy/runtime.ts";
import type { ProxyRuntime } from "../../../../src/kinds/machine/proxy/state.ts";
import { servingIn } from "../../../../src/kinds/machine/proxy/wanted.ts";
import { certificateInProxy } from "../../../../src/kinds/shared/proxy/crt-list.ts";
import { placeMembers } from "../../../../src/kinds/shared/proxy/slots.ts";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { startProxy, type Proxy } from "../../../support/running-haproxy.ts";
import { anyProxy, emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";

const shop: ProxySpec = {
  ...emptyProxy,
  pools: [poolOf("shop")],
  routes: [routeOf("shop.example.com", { pool: "shop" })],
};

describe("a proxy that runs", () => {
  let proxy: Proxy;
  before(async () => void (proxy = await startProxy(shop)));
  after(async () => await proxy.stop());

  const commandsTo = async (spec: ProxySpec): Promise<readonly string[]> => {
    const layout = layoutFor(spec, proxy.layout);
    assert.ok(sameLayout(layout, proxy.layout));
    const live = await proxy.read();
    const slots = placeMembers(spec, layout, servingIn(live));
    const commands = runtimeCommands(
      { maps: mapEntries(spec, layout, slots), slots, certified: [] },
      { ...live, certificates: [] },
    );
    return commands.map((command) => command.replace("/etc/slipway", proxy.site.etc));
  };

  it("is as its files say", async () => {
    assert.deepEqual(await commandsTo(shop), []);
  });

  it("is as wanted after what was said to it", async () => {
    const other = anyProxy.map(({ pools, routes, trust, peers }) => ({
      ...shop,
      pools: pools
        .map((pool) => ({
          ...pool,
          protocol: "http" as const,
          local: pool.local.slice(0, 4),
          remote: pool.remote.slice(0, 1),
          check: { ...pool.check, intervalMs: 1_000, timeoutMs: 5_000 },
        }))
        .slice(0, 3),
      routes: [
        ...shop.routes,
        ...routes.map(({ rate: _, ...route }) => ({ ...route, tls: "off" as const })),
      ],
      trust,
      peers,
    }));
    await fc.assert(
      fc.asyncProperty(other, async (spec) => {
        if (!sameLayout(layoutFor(spec, proxy.layout), proxy.layout)) return;
        for (const command of await commandsTo(spec)) await proxy.say(command);
        assert.deepEqual(await commandsTo(spec), []);
      }),
      { numRuns: 15 },
    );
    for (const command of await commandsTo(shop)) await proxy.say(command);
    assert.deepEqual(await commandsTo(shop), []);
  });

  it("is changed in an order in which nothing points nowhere", async () => {
    const blog = poolOf("blog", { local: [{ instance: 1, address: "172.18.0.9" }] });
    const moved = {
      ...emptyProxy,
      pools: [blog],
      routes: [routeOf("blog.example.com", { pool: "blog" })],
    };
    const commands = await commandsTo(moved);
    const { etc } = proxy.site;
    assert.deepEqual(commands, [
      "set server spare.connect.1.local/i1a addr 172.18.0.9 port 8080",
      "set server spare.connect.1/i1a addr 172.18.0.9 port 8080",
      "set server spare.connect.1.local/i1a state ready",
      "set server spare.connect.1/i1a state ready",
      `add map ${etc}/owners.map spare.connect.1 blog`,
      `add map ${etc}/pools.map blog~ spare.connect.1.local`,
      `add map ${etc}/pools.map blog spare.connect.1`,
      `add map ${etc}/routes.map blog.example.com/ blog`,
      `add map ${etc}/hosts.map blog.example.com/ blog.example.com/`,
      `del map ${etc}/hosts.map shop.example.com/`,
      `del map ${etc}/routes.map shop.example.com/`,
      `del map ${etc}/pools.map shop`,
      `del map ${etc}/pools.map shop~`,
      `del map ${etc}/owners.map shop`,
      "set server shop.local/i1a state maint",
      "set server shop/i1a state maint",
    ]);
  });
});

describe("certificates of a proxy that runs", () => {
  const wanted = {
    slots: [],
    maps: { ...mapEntries(shop, layoutFor(shop, undefined), []), "hosts.map": new Map() },
    certified: ["new.test", "shop.test"],
  };
  const showing = (...hosts: readonly string[]): ProxyRuntime => ({
    servers: [],
    maps: { "hosts.map": { "old.test/": "old.test/" } },
    certificates: hosts.map(certificateInProxy),
  });

  it("go once nothing leads to their host any more, and are handed over for a new one", () => {
    const runtime = showing("old.test", "shop.test");
    assert.deepEqual(newHosts(wanted, runtime), ["new.test"]);
    assert.deepEqual(runtimeCommands(wanted, runtime), [
      "del map /etc/slipway/hosts.map old.test/",
      "del ssl crt-list /etc/slipway/crt-list /etc/slipway/certs/old.test.pem",
      "del ssl cert /etc/slipway/certs/old.test.pem",
    ]);
  });

  it("stay as they are where they are as wanted, or no proxy runs", () => {
    const runtime = { ...showing("new.test", "shop.test"), maps: {} };
    assert.deepEqual([newHosts(wanted, runtime), runtimeCommands(wanted, runtime)], [[], []]);
    assert.deepEqual([newHosts(wanted, undefined), runtimeCommands(wanted, undefined)], [[], []]);
  });
});
