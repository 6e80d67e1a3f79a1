import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { layoutFor } from "../../../../src/kinds/shared/proxy/layout.ts";
import {
  occupiedBy,
  placeMembers,
  type Occupied,
} from "../../../../src/kinds/shared/proxy/slots.ts";
import type { ProxyPool, ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { anyProxy, emptyProxy, poolOf } from "../../../support/proxy-specs.ts";

const withPool = (more: Partial<ProxyPool>): ProxySpec => ({
  ...emptyProxy,
  pools: [poolOf("shop", more)],
});

function placed(spec: ProxySpec, occupied?: Occupied): Readonly<Record<string, string>> {
  return Object.fromEntries(occupiedBy(placeMembers(spec, layoutFor(spec, undefined), occupied)));
}

describe("slots", () => {
  const one = withPool({});
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, slot: string])[] = [
    ["the first where nothing is there", {}, "i1a"],
    ["the one that it has", { "shop.local/i1b": "172.18.0.5:8080" }, "i1b"],
    ["the one that it has for routes", { "shop/i1b": "172.18.0.5:8080" }, "i1b"],
    ["the one not in use", { "shop.local/i1a": "172.18.0.4:8080" }, "i1b"],
    ["the one not in use again", { "shop.local/i1b": "172.18.0.4:8080" }, "i1a"],
    [
      "its own beside its predecessor's",
      { "shop.local/i1a": "172.18.0.4:8080", "shop.local/i1b": "172.18.0.5:8080" },
      "i1b",
    ],
    [
      "the first where both are others'",
      { "shop.local/i1a": "172.18.0.3:8080", "shop.local/i1b": "172.18.0.4:8080" },
      "i1a",
    ],
  ];
  for (const [what, found, slot] of cases) {
    it(`gives an instance ${what}`, () => {
      assert.deepEqual(placed(one, new Map(Object.entries(found))), {
        [`shop.local/${slot}`]: "172.18.0.5:8080",
        [`shop/${slot}`]: "172.18.0.5:8080",
      });
    });
  }

  it("leaves those of nobody free", () => {
    assert.deepEqual(placed(withPool({ local: [{ instance: 1 }] })), {});
  });

  it("lets other machines keep theirs", () => {
    const remote = [
      { machine: "web-2", address: "10.0.0.12", port: 8080 },
      { machine: "web-3", address: "fd00::13", port: 8080 },
    ];
    const spec = withPool({ local: [], remote });
    assert.deepEqual(placed(spec), { "shop/r1": "10.0.0.12:8080", "shop/r2": "[fd00::13]:8080" });
    assert.deepEqual(placed(spec, new Map([["shop/r3", "10.0.0.12:8080"]])), {
      "shop/r1": "[fd00::13]:8080",
      "shop/r3": "10.0.0.12:8080",
    });
  });

  it("gives another machine one that is not in use, while the one before it may still have requests", () => {
    const remote = [{ machine: "web-2", address: "10.0.0.12", port: 8080 }];
    const found = placed(withPool({ local: [], remote }), new Map([["shop/r1", "10.0.0.11:8080"]]));
    assert.deepEqual(found, { "shop/r2": "10.0.0.12:8080" });
  });

  it("stay as they are placed", () => {
    fc.assert(
      fc.property(anyProxy, anyProxy, (spec, former) => {
        const layout = layoutFor(spec, undefined);
        const before = occupiedBy(placeMembers(former, layout));
        const first = placeMembers(spec, layout, before);
        assert.deepEqual(placeMembers(spec, layout, occupiedBy(first)), first);
      }),
    );
  });
});
