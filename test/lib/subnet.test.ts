import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { freeAddress, freeRange, rangeOf, type AddressPool } from "../../src/lib/subnet.ts";

const small: readonly AddressPool[] = [{ base: "10.200.0.0/22", size: 24 }];

const chosen: readonly (readonly [
  says: string,
  pools: readonly AddressPool[],
  taken: readonly string[],
  subnet: string | undefined,
])[] = [
  ["the engine's first", [], [], "172.17.0.0/16"],
  ["the next after docker0", [], ["172.17.0.0/16", "172.18.5.0/24"], "172.19.0.0/16"],
  ["a wide one covers many", [], ["172.16.0.0/12"], "192.168.0.0/20"],
  ["small ones beside each other", [], ["172.16.0.0/12", "192.168.0.0/19"], "192.168.32.0/20"],
  ["as the engine was told", small, [], "10.200.0.0/24"],
  ["as the engine was told, beside others", small, ["10.200.0.0/23"], "10.200.2.0/24"],
  ["none is left", small, ["10.0.0.0/8"], undefined],
  ["too small for addresses of ours", [{ base: "10.200.0.0/22", size: 28 }], [], undefined],
  ["what is no IPv4 network is passed over", [{ base: "fd00::/48", size: 64 }], [], undefined],
  ["taken by what is no IPv4 network", [], ["fd00::/48", "?"], "172.17.0.0/16"],
];

for (const [says, pools, taken, subnet] of chosen)
  test(`a free network: ${says}`, () => assert.equal(freeRange(pools, taken)?.subnet, subnet));

const again: readonly (readonly [
  says: string,
  taken: readonly string[],
  held: readonly string[],
  subnet: string,
])[] = [
  ["where its containers have their addresses", [], ["172.22.64.9"], "172.22.0.0/16"],
  ["elsewhere, when that is taken", ["172.22.1.0/24"], ["172.22.64.9"], "172.17.0.0/16"],
  [
    "where the others have theirs",
    ["172.22.1.0/24"],
    ["172.22.64.9", "192.168.40.9"],
    "192.168.32.0/20",
  ],
  ["elsewhere, when no pool has them", [], ["10.9.9.9", "?"], "172.17.0.0/16"],
];

for (const [says, taken, held, subnet] of again)
  test(`a network that was there before: ${says}`, () =>
    assert.equal(freeRange([], taken, held)?.subnet, subnet));

test("the engine has the first quarter, the gateway with it", () => {
  assert.deepEqual(rangeOf("172.18.0.0/16"), {
    subnet: "172.18.0.0/16",
    gateway: "172.18.0.1",
    dynamic: "172.18.0.0/18",
  });
  assert.equal(rangeOf("172.18.0.0/28"), undefined);
  assert.equal(rangeOf("fd00::/64"), undefined);
});

test("addresses are ours to give, all different, until none is left", () => {
  const range = rangeOf("10.200.1.0/26");
  assert.ok(range !== undefined);
  const taken = new Set<string>();
  for (let n = 0; n < 47; n++) {
    const address = freeAddress(range, n * 7919, taken);
    assert.match(address ?? "", /^10\.200\.1\.(?:1[6-9]|[2-5]\d|6[0-2])$/);
    taken.add(address ?? "");
  }
  assert.equal(taken.size, 47);
  assert.equal(freeAddress(range, 1, taken), undefined);
});

test("an address stays the same while the same are taken", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), (seed) => {
      const range = rangeOf("172.18.0.0/16");
      assert.ok(range !== undefined);
      const first = freeAddress(range, seed, new Set()) ?? "";
      assert.equal(freeAddress(range, seed, new Set(["172.18.255.255"])), first);
      assert.notEqual(freeAddress(range, seed, new Set([first])), first);
    }),
  );
});
