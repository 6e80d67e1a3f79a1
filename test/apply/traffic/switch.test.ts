import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { switchCommands, type Move } from "../../../src/apply/traffic/switch.ts";
import type { ProxyServer } from "../../../src/lib/haproxy.ts";

const server = (backend: string, slot: string): ProxyServer => ({
  backend,
  slot,
  address: "172.18.0.4",
  port: 8080,
  ready: slot === "i1a",
  up: true,
  weight: 100,
});

const moveIn = (backend: string, share: number): Move => {
  const [a, b] = [server(backend, "i1a"), server(backend, "i1b")];
  return {
    place: { backend, port: 8080, slots: [a, b] },
    address: "172.18.0.5",
    to: b,
    from: a,
    share,
  };
};

const moves = (share: number): readonly Move[] => [
  moveIn("shop", share),
  moveIn("shop.local", share),
];

describe("what a proxy is told in a switch", () => {
  it("has the new one serve everywhere before the old one is taken out anywhere", () => {
    assert.deepEqual(switchCommands(moves(100)), [
      "set server shop/i1b addr 172.18.0.5 port 8080",
      "set server shop/i1b weight 100",
      "set server shop.local/i1b addr 172.18.0.5 port 8080",
      "set server shop.local/i1b weight 100",
      "set server shop/i1b state ready",
      "set server shop.local/i1b state ready",
      "set server shop/i1a state maint",
      "set server shop.local/i1a state maint",
    ]);
  });

  it("leaves the old one its share", () => {
    assert.deepEqual(switchCommands(moves(10)).slice(-2), [
      "set server shop/i1a weight 90",
      "set server shop.local/i1a weight 90",
    ]);
  });
});
