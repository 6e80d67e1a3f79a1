import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceContainer, NetworkState } from "../../src/kinds/index.ts";
import type { Live } from "../../src/model/live.ts";
import type { Observation } from "../../src/model/observation.ts";
import { bridgeOf } from "../../src/pass/bridge.ts";
import { facts } from "../support/converge.ts";
import { instanceState } from "../support/instances.ts";

type States = Live<ReadonlyMap<string, unknown>>;

const present = (states: Readonly<Record<string, unknown>>): States => ({
  state: "present",
  value: new Map(Object.entries(states)),
});

const seen = (networks: States, containers: States = present({})): Observation => ({
  machine: "web-1",
  facts: { ...facts, routes: ["10.0.0.0/24", "172.17.0.0/16"] },
  inventory: { state: "absent" },
  kinds: new Map([
    ["app/network", networks],
    ["app/container", containers],
  ]),
  troubles: [],
});

const network = (more: Partial<NetworkState>): NetworkState => ({
  id: "n",
  network: "slipway-acme",
  driver: "bridge",
  owned: true,
  ...more,
});

const other = network({ network: "theirs", owned: false, subnet: "172.18.0.0/16" });

test("one that is not there yet is made beside all other networks and routes", () => {
  const { gateway, range } = bridgeOf(seen(present({ theirs: other })), "acme");
  assert.deepEqual([gateway, range?.subnet], [undefined, "172.19.0.0/16"]);
});

test("one that is there is taken as it is: with addresses to give, or without", () => {
  const range = { subnet: "172.18.0.0/16", gateway: "172.18.0.1", dynamic: "172.18.0.0/18" };
  const ours = network({ gateway: "172.18.0.1", range });
  assert.deepEqual(bridgeOf(seen(present({ "slipway-acme": ours })), "acme").range, range);
  const plain = network({ gateway: "172.18.0.1" });
  const found = bridgeOf(seen(present({ "slipway-acme": plain })), "acme");
  assert.deepEqual([found.gateway, found.range], ["172.18.0.1", undefined]);
});

test("what is not known is not planned with", () => {
  const found = bridgeOf(seen({ state: "unknown", why: "silent" }), "acme");
  assert.deepEqual([found.gateway, found.range], [undefined, undefined]);
});

const serving: readonly (readonly [
  says: string,
  containers: readonly (readonly [InstanceContainer["role"], string, isRunning: boolean])[],
  address: string | undefined,
  isNameless?: true,
])[] = [
  [
    "who runs in service",
    [
      ["previous", "a", false],
      ["current", "b", true],
    ],
    "b",
  ],
  ["who is in service, though it is stopped", [["current", "a", false]], "a"],
  [
    "who runs before who does not",
    [
      ["current", "a", false],
      ["current", "b", true],
    ],
    "b",
  ],
  ["who serves under a name that somebody gave it", [["stray", "a", true]], "a"],
  ["who will be made again, while one is kept", [["previous", "a", false]], undefined],
  ["not who is yet to be proven", [["new", "a", true]], undefined, true],
  ["not who failed", [["failed", "a", false]], undefined, true],
  ["not who was given an address by the engine", [["current", "", true]], undefined, true],
];

for (const [says, containers, address, isNameless = false] of serving) {
  test(`names stand for ${says}; every address stays taken`, () => {
    const state = instanceState(
      {
        containers: containers.map(([as, ip, running]) => ({
          made: {},
          as,
          but: {
            running,
            addresses: { ...(ip === "" ? {} : { "slipway-acme": ip }), elsewhere: "x" },
          },
        })),
      },
      undefined,
    );
    const bridge = bridgeOf(seen(present({}), present({ "shop/1": state })), "acme");
    assert.equal(bridge.serving.get("shop/1")?.address, address);
    assert.equal(bridge.nameless.has("shop/1"), isNameless);
    assert.deepEqual(bridge.held, new Set(containers.flatMap(([, ip]) => (ip === "" ? [] : ip))));
  });
}

test("names stay for who lost its address with its network: it gets it again", () => {
  const state = instanceState(
    { containers: [{ made: {}, as: "current", but: { networks: [], addresses: {} } }] },
    undefined,
  );
  const bridge = bridgeOf(seen(present({}), present({ "shop/1": state })), "acme");
  assert.deepEqual([bridge.serving.size, bridge.nameless.size], [0, 0]);
});
